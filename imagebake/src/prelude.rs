//! What a file that describes images, or extends imagebake, begins with: `use imagebake::prelude::*;`.

pub use crate::{
    artifact::{AnyArtifact, Artifact, Files, HasFiles},
    chain::{Chain, PostExt},
    communicator::{
        Command, Communicator, Exit, FileAttrs, Remote,
        ssh::{Bastion, Proxy, Ssh},
    },
    data::{Data, Lookup, LookupCx},
    describe::{Component, Describe, HasGuest, Info, feature},
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    field::{Config, Places},
    guest::{Guest, Machine},
    image,
    image::Image,
    io::{DigestKind, FileRef},
    plan::Diagnostics,
    post_processor::PostProcessor,
    post_processors::{
        artifice::Artifice, checksum::Checksum, compress::Compress, docker_import::DockerImport,
        docker_push::DockerPush, docker_save::DockerSave, docker_tag::DockerTag, manifest::Manifest,
        provenance::Provenance, vagrant::Vagrant, vagrant_cloud::VagrantCloud, vagrant_registry::VagrantRegistry,
    },
    provisioner::Provisioner,
    provisioners::{
        ansible::Ansible, ansible_local::AnsibleLocal, breakpoint::Breakpoint, cargo::Cargo, chef_client::ChefClient,
        chef_solo::ChefSolo, file::File, hcp_sbom::HcpSbom, powershell::Powershell,
        puppet_masterless::PuppetMasterless, puppet_server::PuppetServer, salt_masterless::SaltMasterless,
        shell::Shell, shell_local::ShellLocal, sleep::Sleep, windows_restart::WindowsRestart,
        windows_shell::WindowsShell,
    },
    source::{BaseId, Runtime, Source},
    sources::{
        docker,
        null::Null,
        oci::{Oci, RegistryData},
    },
    step::StepExt,
    text, try_join,
    unit::SourceExt,
    value::{
        BUILD_ID, GuestPath, HostPath, IMAGE, ISO_TIME, RUN_ID, SOURCE, SOURCE_KIND, Secret, TIMESTAMP, Template, Text,
        UNIT,
    },
    variables::Variables,
};
