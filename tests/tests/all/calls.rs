//! Written by the test `every_call_is_tried` of the importer: a call of everything that it may write. Not edited by hand.

use imagebake::{field::Field, prelude::*};
use imagebake::communicator::ssh::FileTransfer;
use imagebake::communicator::ssh::ProxyKind;
use imagebake::groups::CloudInit;
use imagebake::io::compress::Format;
use imagebake::post_processors::amazon_import::AmazonImport;
use imagebake::post_processors::googlecompute_export::GooglecomputeExport;
use imagebake::post_processors::googlecompute_import::GooglecomputeImport;
use imagebake::post_processors::vagrant::VagrantOverride;
use imagebake::post_processors::vsphere::Vsphere;
use imagebake::post_processors::vsphere_template::VsphereTemplate;
use imagebake::sources::file;
use imagebake::sources::oci::Compression;
use imagebake::value;
use std::time::Duration;

/// What each call sets, and the rows that it should.
pub(super) type Tried = (&'static str, Vec<Field>, &'static [&'static str]);

/// Every struct of settings.
pub(super) const ALL: &[fn() -> Vec<Tried>] = &[
    communicator_ssh_bastion_bastion,
    communicator_ssh_bastion_proxy,
    communicator_ssh_config_ssh,
    communicator_winrm_config_winrm,
    groups_boot_boot,
    groups_cloud_init_cloudinit,
    groups_host_ports_hostports,
    groups_http_http,
    groups_iso_iso,
    groups_media_cd,
    groups_media_floppy,
    groups_shutdown_shutdown,
    groups_vnc_vnc,
    post_processors_amazon_import_config_amazonimport,
    post_processors_artifice_config_artifice,
    post_processors_checksum_config_checksum,
    post_processors_compress_config_compress,
    post_processors_docker_import_config_dockerimport,
    post_processors_docker_push_config_dockerpush,
    post_processors_docker_save_config_dockersave,
    post_processors_docker_tag_config_dockertag,
    post_processors_googlecompute_export_config_googlecomputeexport,
    post_processors_googlecompute_import_config_googlecomputeimport,
    post_processors_manifest_config_manifest,
    post_processors_provenance_config_provenance,
    post_processors_vagrant_config_vagrant,
    post_processors_vagrant_config_vagrantoverride,
    post_processors_vagrant_cloud_config_vagrantcloud,
    post_processors_vagrant_registry_config_vagrantregistry,
    post_processors_vsphere_config_vsphere,
    post_processors_vsphere_template_config_vspheretemplate,
    provisioners_ansible_config_ansible,
    provisioners_ansible_local_config_ansiblelocal,
    provisioners_breakpoint_breakpoint,
    provisioners_cargo_config_cargo,
    provisioners_chef_client_config_chefclient,
    provisioners_chef_solo_config_chefsolo,
    provisioners_file_config_file,
    provisioners_hcp_sbom_config_hcpsbom,
    provisioners_powershell_config_powershell,
    provisioners_puppet_masterless_config_puppetmasterless,
    provisioners_puppet_server_config_puppetserver,
    provisioners_salt_masterless_config_saltmasterless,
    provisioners_shell_config_shell,
    provisioners_shell_local_config_shelllocal,
    provisioners_sleep_sleep,
    provisioners_windows_restart_config_windowsrestart,
    provisioners_windows_shell_config_windowsshell,
    sources_amazon_access_access,
    sources_amazon_access_assumerole,
    sources_amazon_access_polling,
    sources_amazon_access_vaultengine,
    sources_amazon_ami_ami,
    sources_amazon_ami_protection,
    sources_amazon_chroot_config_chroot,
    sources_amazon_disks_blockdevice,
    sources_amazon_disks_rootdevice,
    sources_amazon_disks_volume,
    sources_amazon_ebs_config_ebs,
    sources_amazon_ebs_config_fastlaunch,
    sources_amazon_ebs_config_fastlaunchregion,
    sources_amazon_ebs_surrogate_config_ebssurrogate,
    sources_amazon_ebs_volume_config_ebsvolume,
    sources_amazon_instance_config_bundle,
    sources_amazon_instance_config_instancestore,
    sources_amazon_lookup_findami,
    sources_amazon_lookup_parameter,
    sources_amazon_lookup_storedsecret,
    sources_amazon_machine_amifilter,
    sources_amazon_machine_filter,
    sources_amazon_machine_instance,
    sources_amazon_machine_licenseconfiguration,
    sources_amazon_machine_licensespecification,
    sources_amazon_machine_metadataoptions,
    sources_amazon_machine_placement,
    sources_amazon_machine_policydocument,
    sources_amazon_machine_statement,
    sources_amazon_machine_subnetfilter,
    sources_azure_access_access,
    sources_azure_arm_config_arm,
    sources_azure_arm_config_gallerydestination,
    sources_azure_arm_config_gallerysource,
    sources_azure_arm_config_plan,
    sources_azure_arm_config_spot,
    sources_azure_arm_config_targetregion,
    sources_azure_lookup_vaultsecret,
    sources_docker_config_container,
    sources_docker_dockerfile_dockerfile,
    sources_docker_login_ecraccess,
    sources_docker_login_login,
    sources_file_config_file,
    sources_googlecompute_access_access,
    sources_googlecompute_access_encryptionkey,
    sources_googlecompute_config_attachment,
    sources_googlecompute_config_instance,
    sources_googlecompute_config_nodeaffinity,
    sources_googlecompute_config_reservationaffinity,
    sources_hcp_lookup_findartifact,
    sources_hcp_lookup_findimage,
    sources_hcp_lookup_finditeration,
    sources_hcp_lookup_findversion,
    sources_hyperv_iso_config_machine,
    sources_hyperv_machine_hardware,
    sources_hyperv_vmcx_config_machine,
    sources_null_config_null,
    sources_oci_config_oci,
    sources_proxmox_access_connection,
    sources_proxmox_clone_config_ipconfig,
    sources_proxmox_clone_config_machine,
    sources_proxmox_iso_config_machine,
    sources_proxmox_machine_disk,
    sources_proxmox_machine_eficonfig,
    sources_proxmox_machine_hardware,
    sources_proxmox_machine_isofile,
    sources_proxmox_machine_networkadapter,
    sources_proxmox_machine_outcome,
    sources_proxmox_machine_pcidevice,
    sources_proxmox_machine_rng,
    sources_proxmox_machine_tpmconfig,
    sources_proxmox_machine_vga,
    sources_qemu_config_imgarguments,
    sources_qemu_config_machine,
    sources_vagrant_config_machine,
    sources_virtualbox_iso_config_machine,
    sources_virtualbox_machine_export,
    sources_virtualbox_machine_guestadditions,
    sources_virtualbox_machine_poweroff,
    sources_virtualbox_machine_run,
    sources_virtualbox_ovf_config_machine,
    sources_virtualbox_vm_config_machine,
    sources_vmware_iso_config_machine,
    sources_vmware_machine_disks,
    sources_vmware_machine_export,
    sources_vmware_machine_run,
    sources_vmware_machine_tools,
    sources_vmware_machine_vmx,
    sources_vmware_vmx_config_machine,
    sources_vsphere_access_connection,
    sources_vsphere_access_login,
    sources_vsphere_clone_config_customize,
    sources_vsphere_clone_config_linuxoptions,
    sources_vsphere_clone_config_machine,
    sources_vsphere_clone_config_networkinterface,
    sources_vsphere_clone_config_vapp,
    sources_vsphere_clone_config_windowsoptions,
    sources_vsphere_iso_config_machine,
    sources_vsphere_iso_config_networkadapter,
    sources_vsphere_machine_contentlibrary,
    sources_vsphere_machine_export,
    sources_vsphere_machine_hardware,
    sources_vsphere_machine_location,
    sources_vsphere_machine_media,
    sources_vsphere_machine_outcome,
    sources_vsphere_machine_pcidevice,
    sources_vsphere_machine_storage,
    sources_vsphere_machine_waiting,
    sources_vsphere_supervisor_config_machine,
];

/// Values that texts stand for.
#[test]
fn words() {
    let _ = Compression::Gzip;
    let _ = Compression::None;
    let _ = Compression::Zstd;
    let _ = DigestKind::Blake3;
    let _ = DigestKind::Md5;
    let _ = DigestKind::Sha1;
    let _ = DigestKind::Sha224;
    let _ = DigestKind::Sha256;
    let _ = DigestKind::Sha384;
    let _ = DigestKind::Sha512;
    let _ = FileTransfer::Scp;
    let _ = FileTransfer::Sftp;
    let _ = FileTransfer::Stream;
    let _ = Format::Single(imagebake::io::compress::Codec::Bzip2);
    let _ = Format::Single(imagebake::io::compress::Codec::Gzip);
    let _ = Format::Single(imagebake::io::compress::Codec::Lz4);
    let _ = Format::Single(imagebake::io::compress::Codec::Xz);
    let _ = Format::Single(imagebake::io::compress::Codec::Zstd);
    let _ = Format::Tar(None);
    let _ = Format::Tar(Some(imagebake::io::compress::Codec::Bzip2));
    let _ = Format::Tar(Some(imagebake::io::compress::Codec::Gzip));
    let _ = Format::Tar(Some(imagebake::io::compress::Codec::Lz4));
    let _ = Format::Tar(Some(imagebake::io::compress::Codec::Xz));
    let _ = Format::Tar(Some(imagebake::io::compress::Codec::Zstd));
    let _ = Format::Zip;
    let _ = ProxyKind::Http;
    let _ = ProxyKind::Socks5;
    let _ = amazon::AmiId::new("a");
    let _ = amazon::AmiName::new("a");
    let _ = amazon::Region::AP_NORTHEAST_1;
    let _ = amazon::Region::AP_SOUTHEAST_1;
    let _ = amazon::Region::AP_SOUTHEAST_2;
    let _ = amazon::Region::EU_CENTRAL_1;
    let _ = amazon::Region::EU_WEST_1;
    let _ = amazon::Region::US_EAST_1;
    let _ = amazon::Region::US_EAST_2;
    let _ = amazon::Region::US_WEST_1;
    let _ = amazon::Region::US_WEST_2;
    let _ = amazon::Region::from_environment();
    let _ = amazon::Region::new("a");
    let _ = azure::OsType::Linux;
    let _ = azure::OsType::Windows;
    let _ = docker::Pull::Always;
    let _ = docker::Pull::Never;
    let _ = docker::Pull::from(true);
    let _ = googlecompute::ProjectId::new("a");
    let _ = googlecompute::Zone::new("a");
    let _ = value::Checksum::file("a");
    let _ = value::Checksum::md5("a");
    let _ = value::Checksum::none();
    let _ = value::Checksum::parse("a");
    let _ = value::Checksum::sha1("a");
    let _ = value::Checksum::sha256("a");
    let _ = value::Checksum::sha512("a");
}

fn communicator_ssh_bastion_bastion() -> Vec<Tried> { vec![("Bastion::host", Bastion::host("a", "a").fields(), &["bastion_host", "bastion_user"]), ("Bastion", Bastion::host("a", "a").bastion_port(1_u16).bastion_password(Secret::env("A")).bastion_agent_auth(true).bastion_private_key_file("a").bastion_certificate_file("a").bastion_host_keys(["a"]).bastion_host_key("a").fields(), &["bastion_port", "bastion_password", "bastion_agent_auth", "bastion_private_key_file", "bastion_certificate_file", "bastion_host_keys"]), ] }

fn communicator_ssh_bastion_proxy() -> Vec<Tried> { vec![("Proxy::socks5", Proxy::socks5("a", 1_u16).fields(), &["proxy_host", "proxy_port"]), ("Proxy::http", Proxy::http("a", 1_u16).fields(), &["proxy_host", "proxy_port", "proxy_kind"]), ("Proxy", Proxy::socks5("a", 1_u16).proxy_port(1_u16).proxy_user("a").proxy_password(Secret::env("A")).fields(), &["proxy_port", "proxy_user", "proxy_password"]), ] }

fn communicator_ssh_config_ssh() -> Vec<Tried> { vec![] }

fn communicator_winrm_config_winrm() -> Vec<Tried> { vec![] }

fn groups_boot_boot() -> Vec<Tried> { vec![] }

fn groups_cloud_init_cloudinit() -> Vec<Tried> { vec![] }

fn groups_host_ports_hostports() -> Vec<Tried> { vec![] }

fn groups_http_http() -> Vec<Tried> { vec![] }

fn groups_iso_iso() -> Vec<Tried> { vec![] }

fn groups_media_cd() -> Vec<Tried> { vec![] }

fn groups_media_floppy() -> Vec<Tried> { vec![] }

fn groups_shutdown_shutdown() -> Vec<Tried> { vec![] }

fn groups_vnc_vnc() -> Vec<Tried> { vec![] }

fn post_processors_amazon_import_config_amazonimport() -> Vec<Tried> { vec![("AmazonImport::new", AmazonImport::new(amazon::Region::new("a"), "a").fields(), &["region", "s3_bucket_name"]), ("AmazonImport", AmazonImport::new(amazon::Region::new("a"), "a").access(amazon::Access::new()).s3_key_name("a").s3_encryption("a").s3_encryption_key("a").skip_clean(true).format("a").ami_name("a").ami_description("a").ami_users(["a"]).ami_groups(["a"]).ami_org_arns(["a"]).ami_ou_arns(["a"]).ami_encrypt(true).ami_kms_key("a").imds_support("a").license_type("a").role_name("a").architecture("a").boot_mode("a").platform("a").tags([("a", "a")]).tag("a", "a").fields(), &["s3_key_name", "s3_encryption", "s3_encryption_key", "skip_clean", "format", "ami_name", "ami_description", "ami_users", "ami_groups", "ami_org_arns", "ami_ou_arns", "ami_encrypt", "ami_kms_key", "imds_support", "license_type", "role_name", "architecture", "boot_mode", "platform", "tags"]), ] }

fn post_processors_artifice_config_artifice() -> Vec<Tried> { vec![("Artifice::from_files", Artifice::from_files(["a"]).fields(), &["files"]), ("Artifice", Artifice::from_files(["a"]).fields(), &[]), ] }

fn post_processors_checksum_config_checksum() -> Vec<Tried> { vec![("Checksum::all", Checksum::all([DigestKind::Md5]).fields(), &["kinds"]), ("Checksum", Checksum::all([DigestKind::Md5]).kinds([DigestKind::Md5]).kind(DigestKind::Md5).output("a").fields(), &["kinds", "output"]), ] }

fn post_processors_compress_config_compress() -> Vec<Tried> { vec![("Compress::to", Compress::to("a").fields(), &["output"]), ("Compress", Compress::to("a").format(Format::Zip).compression_level(1_u32).fields(), &["format", "compression_level"]), ] }

fn post_processors_docker_import_config_dockerimport() -> Vec<Tried> { vec![("DockerImport::new", DockerImport::new("a").fields(), &["repository"]), ("DockerImport", DockerImport::new("a").tag("a").changes(["a"]).change("a").platform("a").fields(), &["tag", "changes", "platform"]), ] }

fn post_processors_docker_push_config_dockerpush() -> Vec<Tried> { vec![("DockerPush::new", DockerPush::new().fields(), &[]), ("DockerPush", DockerPush::new().login(docker::Login::new("a", Secret::env("A"))).platform("a").fields(), &["platform"]), ] }

fn post_processors_docker_save_config_dockersave() -> Vec<Tried> { vec![("DockerSave::to", DockerSave::to("a").fields(), &["path"]), ("DockerSave", DockerSave::to("a").fields(), &[]), ] }

fn post_processors_docker_tag_config_dockertag() -> Vec<Tried> { vec![("DockerTag::new", DockerTag::new("a").fields(), &["repository"]), ("DockerTag", DockerTag::new("a").tags(["a"]).tag("a").tag_list(["a"]).fields(), &["tags", "tag_list"]), ] }

fn post_processors_googlecompute_export_config_googlecomputeexport() -> Vec<Tried> { vec![("GooglecomputeExport::to", GooglecomputeExport::to(["a"]).fields(), &["paths"]), ("GooglecomputeExport", GooglecomputeExport::to(["a"]).access(googlecompute::Access::new()).universe_domain("a").custom_endpoints([("a", "a")]).custom_endpoint("a", "a").scopes(["a"]).machine_type("a").source_image_family("a").disk_size(1_u32).disk_type("a").zone("a").network("a").subnetwork("a").omit_external_ip(true).service_account_email("a").fields(), &["universe_domain", "custom_endpoints", "scopes", "machine_type", "source_image_family", "disk_size", "disk_type", "zone", "network", "subnetwork", "omit_external_ip", "service_account_email"]), ] }

fn post_processors_googlecompute_import_config_googlecomputeimport() -> Vec<Tried> { vec![("GooglecomputeImport::new", GooglecomputeImport::new(googlecompute::ProjectId::new("a"), "a", "a").fields(), &["project_id", "bucket", "image_name"]), ("GooglecomputeImport", GooglecomputeImport::new(googlecompute::ProjectId::new("a"), "a", "a").gcs_object_name("a").access(googlecompute::Access::new()).universe_domain("a").custom_endpoints([("a", "a")]).custom_endpoint("a", "a").scopes(["a"]).iap(true).skip_clean(true).image_architecture("a").image_description("a").image_family("a").image_guest_os_features(["a"]).image_labels([("a", "a")]).image_label("a", "a").image_storage_locations(["a"]).image_platform_key("a").image_key_exchange_key(["a"]).image_signatures_db(["a"]).image_forbidden_signatures_db(["a"]).fields(), &["gcs_object_name", "universe_domain", "custom_endpoints", "scopes", "iap", "skip_clean", "image_architecture", "image_description", "image_family", "image_guest_os_features", "image_labels", "image_storage_locations", "image_platform_key", "image_key_exchange_key", "image_signatures_db", "image_forbidden_signatures_db"]), ] }

fn post_processors_manifest_config_manifest() -> Vec<Tried> { vec![("Manifest::new", Manifest::new().fields(), &[]), ("Manifest::to", Manifest::to("a").fields(), &["output"]), ("Manifest", Manifest::new().output("a").strip_path(true).strip_time(true).custom_data([("a", "a")]).custom("a", "a").provenance(true).digests(true).fields(), &["output", "strip_path", "strip_time", "custom_data", "provenance", "digests"]), ] }

fn post_processors_provenance_config_provenance() -> Vec<Tried> { vec![("Provenance::new", Provenance::new().fields(), &[]), ("Provenance", Provenance::new().provenance(true).build_type("a").output_dir("a").template("a").only_builds(["a"]).user_variables([("a", "a")]).user_variable("a", "a").source_uri("a").sbom(true).sbom_format("a").sbom_scan_path("a").sbom_scope("a").sbom_exclude(["a"]).signing_mode("a").signer("a").key("a").verifier("a").fulcio_url("a").rekor_url("a").upload_tlog(true).trusted_root_path("a").keyless_identity("a").keyless_oidc_issuer("a").fields(), &["provenance", "build_type", "output_dir", "template", "only_builds", "user_variables", "source_uri", "sbom", "sbom_format", "sbom_scan_path", "sbom_scope", "sbom_exclude", "signing_mode", "signer", "key", "verifier", "fulcio_url", "rekor_url", "upload_tlog", "trusted_root_path", "keyless_identity", "keyless_oidc_issuer"]), ] }

fn post_processors_vagrant_config_vagrant() -> Vec<Tried> { vec![("Vagrant::new", Vagrant::new().fields(), &[]), ("Vagrant", Vagrant::new().output("a").compression_level(1_u32).include(["a"]).vagrantfile_template("a").vagrantfile_template_generated(true).provider_override("a").architecture("a").overrides([("a", VagrantOverride::new())]).override_for("a", VagrantOverride::new()).fields(), &["output", "compression_level", "include", "vagrantfile_template", "vagrantfile_template_generated", "provider_override", "architecture", "overrides"]), ] }

fn post_processors_vagrant_config_vagrantoverride() -> Vec<Tried> { vec![("VagrantOverride::new", VagrantOverride::new().fields(), &[]), ("VagrantOverride", VagrantOverride::new().output("a").compression_level(1_u32).include(["a"]).vagrantfile_template("a").vagrantfile_template_generated(true).keep_input_artifact(true).fields(), &["output", "compression_level", "include", "vagrantfile_template", "vagrantfile_template_generated", "keep_input_artifact"]), ] }

fn post_processors_vagrant_cloud_config_vagrantcloud() -> Vec<Tried> { vec![("VagrantCloud::new", VagrantCloud::new("a", "a").fields(), &["box_tag", "version"]), ("VagrantCloud", VagrantCloud::new("a", "a").version_description("a").no_release(true).architecture("a").default_architecture("a").access_token(Secret::env("A")).vagrant_cloud_url("a").insecure_skip_tls_verify(true).box_download_url("a").no_direct_upload(true).box_checksum(value::Checksum::none()).fields(), &["version_description", "no_release", "architecture", "default_architecture", "access_token", "vagrant_cloud_url", "insecure_skip_tls_verify", "box_download_url", "no_direct_upload", "box_checksum"]), ] }

fn post_processors_vagrant_registry_config_vagrantregistry() -> Vec<Tried> { vec![("VagrantRegistry::new", VagrantRegistry::new("a", "a").fields(), &["box_tag", "version"]), ("VagrantRegistry.client", VagrantRegistry::new("a", "a").client("a", Secret::env("A")).fields(), &["client_id", "client_secret"]), ("VagrantRegistry", VagrantRegistry::new("a", "a").box_description("a").box_private(true).version_description("a").no_release(true).architecture("a").default_architecture("a").box_download_url("a").no_direct_upload(true).box_checksum(value::Checksum::none()).hcp_api_address("a").hcp_auth_url("a").insecure_skip_tls_verify(true).fields(), &["box_description", "box_private", "version_description", "no_release", "architecture", "default_architecture", "box_download_url", "no_direct_upload", "box_checksum", "hcp_api_address", "hcp_auth_url", "insecure_skip_tls_verify"]), ] }

fn post_processors_vsphere_config_vsphere() -> Vec<Tried> { vec![("Vsphere::to", Vsphere::to("a", vsphere::Login::new("a", Secret::env("A"))).fields(), &["host"]), ("Vsphere", Vsphere::to("a", vsphere::Login::new("a", Secret::env("A"))).insecure(true).datacenter("a").cluster("a").esxi_host("a").datastore("a").datastore_cluster("a").resource_pool("a").vm_folder("a").vm_name("a").vm_network("a").disk_mode("a").hardware_version("a").options(["a"]).overwrite(true).max_retries(1_u32).fields(), &["insecure", "datacenter", "cluster", "esxi_host", "datastore", "datastore_cluster", "resource_pool", "vm_folder", "vm_name", "vm_network", "disk_mode", "hardware_version", "options", "overwrite", "max_retries"]), ] }

fn post_processors_vsphere_template_config_vspheretemplate() -> Vec<Tried> { vec![("VsphereTemplate::new", VsphereTemplate::new("a", vsphere::Login::new("a", Secret::env("A"))).fields(), &["host"]), ("VsphereTemplate", VsphereTemplate::new("a", vsphere::Login::new("a", Secret::env("A"))).insecure(true).datacenter("a").template_name("a").folder("a").snapshot_enable(true).snapshot_name("a").snapshot_description("a").reregister_vm(true).r#override(true).fields(), &["insecure", "datacenter", "template_name", "folder", "snapshot_enable", "snapshot_name", "snapshot_description", "reregister_vm", "override"]), ] }

fn provisioners_ansible_config_ansible() -> Vec<Tried> { vec![("Ansible::playbook", Ansible::playbook("a").fields(), &["playbook_file"]), ("Ansible", Ansible::playbook("a").command("a").extra_arguments(["a"]).ansible_env_vars(["a"]).ansible_ssh_extra_args(["a"]).groups(["a"]).empty_groups(["a"]).host_alias("a").user("a").local_port(1_u16).ssh_host_key_file("a").ssh_authorized_key_file("a").ansible_proxy_key_type("a").sftp_command("a").use_sftp(true).use_proxy(true).ansible_winrm_use_http(true).skip_version_check(true).inventory_directory("a").inventory_file_template("a").inventory_file("a").keep_inventory_file(true).galaxy_file("a").galaxy_command("a").galaxy_force_install(true).galaxy_force_with_deps(true).roles_path("a").collections_path("a").fields(), &["command", "extra_arguments", "ansible_env_vars", "ansible_ssh_extra_args", "groups", "empty_groups", "host_alias", "user", "local_port", "ssh_host_key_file", "ssh_authorized_key_file", "ansible_proxy_key_type", "sftp_command", "use_sftp", "use_proxy", "ansible_winrm_use_http", "skip_version_check", "inventory_directory", "inventory_file_template", "inventory_file", "keep_inventory_file", "galaxy_file", "galaxy_command", "galaxy_force_install", "galaxy_force_with_deps", "roles_path", "collections_path"]), ] }

fn provisioners_ansible_local_config_ansiblelocal() -> Vec<Tried> { vec![("AnsibleLocal::playbook", AnsibleLocal::playbook("a").fields(), &["playbook_file"]), ("AnsibleLocal::playbooks", AnsibleLocal::playbooks(["a"]).fields(), &["playbook_files"]), ("AnsibleLocal", AnsibleLocal::playbook("a").playbook_dir("a").playbook_paths(["a"]).role_paths(["a"]).collection_paths(["a"]).group_vars("a").host_vars("a").command("a").extra_arguments(["a"]).staging_directory("a").clean_staging_directory(true).inventory_file("a").inventory_groups(["a"]).galaxy_file("a").galaxy_command("a").galaxy_force_install(true).galaxy_roles_path("a").galaxy_collections_path("a").fields(), &["playbook_dir", "playbook_paths", "role_paths", "collection_paths", "group_vars", "host_vars", "command", "extra_arguments", "staging_directory", "clean_staging_directory", "inventory_file", "inventory_groups", "galaxy_file", "galaxy_command", "galaxy_force_install", "galaxy_roles_path", "galaxy_collections_path"]), ] }

fn provisioners_breakpoint_breakpoint() -> Vec<Tried> { vec![("Breakpoint::new", Breakpoint::new().fields(), &[]), ("Breakpoint", Breakpoint::new().note("a").disable(true).fields(), &["note", "disable"]), ] }

fn provisioners_cargo_config_cargo() -> Vec<Tried> { vec![("Cargo::bin", Cargo::bin("a").fields(), &["bin"]), ("Cargo", Cargo::bin("a").package("a").profile("a").target("a").static_linking(true).features(["a"]).no_default_features(true).locked(true).workspace("a").install_to("a").mode(1_u32).fields(), &["package", "profile", "target", "static_linking", "features", "no_default_features", "locked", "workspace", "install_to", "mode"]), ] }

fn provisioners_chef_client_config_chefclient() -> Vec<Tried> { vec![("ChefClient::server", ChefClient::server("a").fields(), &["server_url"]), ("ChefClient", ChefClient::server("a").run_list(["a"]).policy_name("a").policy_group("a").chef_environment("a").chef_license("a").node_name("a").client_key("a").validation_client_name("a").validation_key_path("a").encrypted_data_bag_secret_path("a").trusted_certs_dir("a").ssl_verify_mode("a").config_template("a").json_string("a").execute_command("a").install_command("a").knife_command("a").rubygems_url("a").skip_install(true).skip_clean_client(true).skip_clean_node(true).skip_clean_staging_directory(true).version("a").prevent_sudo(true).staging_directory("a").guest_os_type("a").elevated_user("a").elevated_password(Secret::env("A")).fields(), &["run_list", "policy_name", "policy_group", "chef_environment", "chef_license", "node_name", "client_key", "validation_client_name", "validation_key_path", "encrypted_data_bag_secret_path", "trusted_certs_dir", "ssl_verify_mode", "config_template", "json_string", "execute_command", "install_command", "knife_command", "rubygems_url", "skip_install", "skip_clean_client", "skip_clean_node", "skip_clean_staging_directory", "version", "prevent_sudo", "staging_directory", "guest_os_type", "elevated_user", "elevated_password"]), ] }

fn provisioners_chef_solo_config_chefsolo() -> Vec<Tried> { vec![("ChefSolo::run_list", ChefSolo::run_list(["a"]).fields(), &["run_list"]), ("ChefSolo::new", ChefSolo::new().fields(), &[]), ("ChefSolo", ChefSolo::run_list(["a"]).cookbook_paths(["a"]).remote_cookbook_paths(["a"]).roles_path("a").data_bags_path("a").encrypted_data_bag_secret_path("a").environments_path("a").chef_environment("a").chef_license("a").config_template("a").json_string("a").execute_command("a").install_command("a").skip_install(true).version("a").prevent_sudo(true).staging_directory("a").guest_os_type("a").fields(), &["cookbook_paths", "remote_cookbook_paths", "roles_path", "data_bags_path", "encrypted_data_bag_secret_path", "environments_path", "chef_environment", "chef_license", "config_template", "json_string", "execute_command", "install_command", "skip_install", "version", "prevent_sudo", "staging_directory", "guest_os_type"]), ] }

fn provisioners_file_config_file() -> Vec<Tried> { vec![("File::upload", File::upload("a", "a").fields(), &["source", "destination"]), ("File::upload_all", File::upload_all(["a"], "a").fields(), &["sources", "destination"]), ("File::content", File::content("a", "a").fields(), &["content", "destination"]), ("File::download", File::download("a", "a").fields(), &["source", "destination", "direction"]), ("File", File::upload("a", "a").direction("a").generated(true).mode(1_u32).owner("a").fields(), &["direction", "generated", "mode", "owner"]), ] }

fn provisioners_hcp_sbom_config_hcpsbom() -> Vec<Tried> { vec![("HcpSbom::from_file", HcpSbom::from_file("a").fields(), &["source"]), ("HcpSbom::from_scan", HcpSbom::from_scan().fields(), &["auto_generate"]), ("HcpSbom", HcpSbom::from_file("a").destination("a").sbom_name("a").scanner_args(["a"]).scanner_url("a").scanner_checksum("a").scan_path("a").execute_command("a").elevated_user("a").elevated_password(Secret::env("A")).fields(), &["destination", "sbom_name", "scanner_args", "scanner_url", "scanner_checksum", "scan_path", "execute_command", "elevated_user", "elevated_password"]), ] }

fn provisioners_powershell_config_powershell() -> Vec<Tried> { vec![("Powershell::inline", Powershell::inline(["a"]).fields(), &["inline"]), ("Powershell::script", Powershell::script("a").fields(), &["script"]), ("Powershell::scripts", Powershell::scripts(["a"]).fields(), &["scripts"]), ("Powershell", Powershell::inline(["a"]).envs([("a", "a")]).env("a", "a").environment_vars(["a"]).env_var_format("a").elevated_env_var_format("a").execute_command("a").elevated_execute_command("a").elevated_user("a").elevated_password(Secret::env("A")).execution_policy("a").use_pwsh(true).debug_mode(1_u32).valid_exit_codes([1_i64]).binary(true).remote_path("a").remote_env_var_path("a").skip_clean(true).start_retry_timeout(Duration::from_secs(1)).pause_after(Duration::from_secs(1)).fields(), &["envs", "environment_vars", "env_var_format", "elevated_env_var_format", "execute_command", "elevated_execute_command", "elevated_user", "elevated_password", "execution_policy", "use_pwsh", "debug_mode", "valid_exit_codes", "binary", "remote_path", "remote_env_var_path", "skip_clean", "start_retry_timeout", "pause_after"]), ] }

fn provisioners_puppet_masterless_config_puppetmasterless() -> Vec<Tried> { vec![("PuppetMasterless::manifest", PuppetMasterless::manifest("a").fields(), &["manifest_file"]), ("PuppetMasterless", PuppetMasterless::manifest("a").manifest_dir("a").module_paths(["a"]).hiera_config_path("a").facter([("a", "a")]).fact("a", "a").extra_arguments(["a"]).execute_command("a").ignore_exit_codes(true).prevent_sudo(true).puppet_bin_dir("a").staging_directory("a").clean_staging_directory(true).working_directory("a").guest_os_type("a").elevated_user("a").elevated_password(Secret::env("A")).fields(), &["manifest_dir", "module_paths", "hiera_config_path", "facter", "extra_arguments", "execute_command", "ignore_exit_codes", "prevent_sudo", "puppet_bin_dir", "staging_directory", "clean_staging_directory", "working_directory", "guest_os_type", "elevated_user", "elevated_password"]), ] }

fn provisioners_puppet_server_config_puppetserver() -> Vec<Tried> { vec![("PuppetServer::new", PuppetServer::new("a").fields(), &["puppet_server"]), ("PuppetServer", PuppetServer::new("a").puppet_node("a").client_cert_path("a").client_private_key_path("a").facter([("a", "a")]).fact("a", "a").extra_arguments(["a"]).execute_command("a").ignore_exit_codes(true).prevent_sudo(true).puppet_bin_dir("a").staging_dir("a").clean_staging_directory(true).working_directory("a").guest_os_type("a").elevated_user("a").elevated_password(Secret::env("A")).fields(), &["puppet_node", "client_cert_path", "client_private_key_path", "facter", "extra_arguments", "execute_command", "ignore_exit_codes", "prevent_sudo", "puppet_bin_dir", "staging_dir", "clean_staging_directory", "working_directory", "guest_os_type", "elevated_user", "elevated_password"]), ] }

fn provisioners_salt_masterless_config_saltmasterless() -> Vec<Tried> { vec![("SaltMasterless::state_tree", SaltMasterless::state_tree("a").fields(), &["local_state_tree"]), ("SaltMasterless", SaltMasterless::state_tree("a").local_pillar_roots("a").remote_state_tree("a").remote_pillar_roots("a").custom_state("a").minion_config("a").grains_file("a").formulas(["a"]).skip_bootstrap(true).bootstrap_args("a").disable_sudo(true).temp_config_dir("a").no_exit_on_failure(true).log_level("a").salt_call_args("a").salt_bin_dir("a").guest_os_type("a").fields(), &["local_pillar_roots", "remote_state_tree", "remote_pillar_roots", "custom_state", "minion_config", "grains_file", "formulas", "skip_bootstrap", "bootstrap_args", "disable_sudo", "temp_config_dir", "no_exit_on_failure", "log_level", "salt_call_args", "salt_bin_dir", "guest_os_type"]), ] }

fn provisioners_shell_config_shell() -> Vec<Tried> { vec![("Shell::inline", Shell::inline(["a"]).fields(), &["inline"]), ("Shell::script", Shell::script("a").fields(), &["script"]), ("Shell::scripts", Shell::scripts(["a"]).fields(), &["scripts"]), ("Shell", Shell::inline(["a"]).inline_shebang("a").envs([("a", "a")]).env("a", "a").environment_vars(["a"]).env_var_format("a").execute_command("a").use_env_var_file(true).binary(true).valid_exit_codes([1_i32]).remote_folder("a").remote_file("a").remote_path("a").expect_disconnect(true).skip_clean(true).pause_after(Duration::from_secs(1)).start_retry_timeout(Duration::from_secs(1)).user("a").working_dir("a").fields(), &["inline_shebang", "envs", "environment_vars", "env_var_format", "execute_command", "use_env_var_file", "binary", "valid_exit_codes", "remote_folder", "remote_file", "remote_path", "expect_disconnect", "skip_clean", "pause_after", "start_retry_timeout", "user", "working_dir"]), ] }

fn provisioners_shell_local_config_shelllocal() -> Vec<Tried> { vec![] }

fn provisioners_sleep_sleep() -> Vec<Tried> { vec![("Sleep::new", Sleep::new(Duration::from_secs(1)).fields(), &["duration"]), ("Sleep", Sleep::new(Duration::from_secs(1)).fields(), &[]), ] }

fn provisioners_windows_restart_config_windowsrestart() -> Vec<Tried> { vec![("WindowsRestart::new", WindowsRestart::new().fields(), &[]), ("WindowsRestart", WindowsRestart::new().restart_command("a").restart_check_command("a").restart_timeout(Duration::from_secs(1)).check_registry(true).registry_keys(["a"]).fields(), &["restart_command", "restart_check_command", "restart_timeout", "check_registry", "registry_keys"]), ] }

fn provisioners_windows_shell_config_windowsshell() -> Vec<Tried> { vec![("WindowsShell::inline", WindowsShell::inline(["a"]).fields(), &["inline"]), ("WindowsShell::script", WindowsShell::script("a").fields(), &["script"]), ("WindowsShell::scripts", WindowsShell::scripts(["a"]).fields(), &["scripts"]), ("WindowsShell", WindowsShell::inline(["a"]).envs([("a", "a")]).env("a", "a").environment_vars(["a"]).env_var_format("a").execute_command("a").valid_exit_codes([1_i64]).binary(true).remote_path("a").start_retry_timeout(Duration::from_secs(1)).fields(), &["envs", "environment_vars", "env_var_format", "execute_command", "valid_exit_codes", "binary", "remote_path", "start_retry_timeout"]), ] }

fn sources_amazon_access_access() -> Vec<Tried> { vec![] }

fn sources_amazon_access_assumerole() -> Vec<Tried> { vec![("amazon::AssumeRole::new", amazon::AssumeRole::new("a").fields(), &["role_arn"]), ("amazon::AssumeRole", amazon::AssumeRole::new("a").duration_seconds(1_u32).external_id("a").policy("a").policy_arns(["a"]).session_name("a").tags([("a", "a")]).tag("a", "a").transitive_tag_keys(["a"]).fields(), &["duration_seconds", "external_id", "policy", "policy_arns", "session_name", "tags", "transitive_tag_keys"]), ] }

fn sources_amazon_access_polling() -> Vec<Tried> { vec![("amazon::Polling::new", amazon::Polling::new(1_u32, 1_u32).fields(), &["delay_seconds", "max_attempts"]), ("amazon::Polling::attempts", amazon::Polling::attempts(1_u32).fields(), &["max_attempts"]), ("amazon::Polling::every", amazon::Polling::every(1_u32).fields(), &["delay_seconds"]), ("amazon::Polling", amazon::Polling::new(1_u32, 1_u32).delay_seconds(1_u32).max_attempts(1_u32).fields(), &["delay_seconds", "max_attempts"]), ] }

fn sources_amazon_access_vaultengine() -> Vec<Tried> { vec![("amazon::VaultEngine::new", amazon::VaultEngine::new("a").fields(), &["name"]), ("amazon::VaultEngine", amazon::VaultEngine::new("a").engine_name("a").role_arn("a").ttl("a").fields(), &["engine_name", "role_arn", "ttl"]), ] }

fn sources_amazon_ami_ami() -> Vec<Tried> { vec![] }

fn sources_amazon_ami_protection() -> Vec<Tried> { vec![("amazon::Protection::new", amazon::Protection::new().fields(), &["enabled"]), ("amazon::Protection", amazon::Protection::new().enabled(true).with_cooldown(true).fields(), &["enabled", "with_cooldown"]), ] }

fn sources_amazon_chroot_config_chroot() -> Vec<Tried> { vec![("amazon::Chroot::from_ami", amazon::Chroot::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["source_ami", "region", "ami_name"]), ("amazon::Chroot::from_filter", amazon::Chroot::from_filter(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["or_filter", "region", "ami_name"]), ("amazon::Chroot::from_scratch", amazon::Chroot::from_scratch(amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["region", "ami_name", "from_scratch"]), ("amazon::Chroot", amazon::Chroot::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a")).or_filter(amazon::AmiFilter::owned_by(["a"])).access(amazon::Access::new()).ami(amazon::Ami::new()).ami_block_device_mappings([amazon::BlockDevice::new("a")]).ami_block_device(amazon::BlockDevice::new("a")).ami_architecture("a").boot_mode("a").uefi_data("a").tpm_support("a").chroot_mounts([["a"]]).chroot_mount(["a"]).command_wrapper("a").copy_files(["a"]).device_path("a").nvme_device_path("a").mount_options(["a"]).mount_partition("a").mount_path("a").pre_mount_commands(["a"]).post_mount_commands(["a"]).root_device_name("a").root_volume_size(1_u32).root_volume_type("a").root_volume_encrypt_boot(true).root_volume_kms_key_id("a").root_volume_tags([("a", "a")]).root_volume_tag("a", "a").fields(), &["or_filter", "ami_block_device_mappings", "ami_architecture", "boot_mode", "uefi_data", "tpm_support", "chroot_mounts", "command_wrapper", "copy_files", "device_path", "nvme_device_path", "mount_options", "mount_partition", "mount_path", "pre_mount_commands", "post_mount_commands", "root_device_name", "root_volume_size", "root_volume_type", "root_volume_encrypt_boot", "root_volume_kms_key_id", "root_volume_tags", "root_volume_tag"]), ] }

fn sources_amazon_disks_blockdevice() -> Vec<Tried> { vec![] }

fn sources_amazon_disks_rootdevice() -> Vec<Tried> { vec![("amazon::RootDevice::from_device", amazon::RootDevice::from_device("a").fields(), &["source_device_name"]), ("amazon::RootDevice.as_device", amazon::RootDevice::from_device("a").as_device("a").fields(), &["device_name"]), ("amazon::RootDevice", amazon::RootDevice::from_device("a").volume_type("a").volume_size(1_u32).iops(1_u32).delete_on_termination(true).fields(), &["volume_type", "volume_size", "iops", "delete_on_termination"]), ] }

fn sources_amazon_disks_volume() -> Vec<Tried> { vec![("amazon::Volume::of", amazon::Volume::of(amazon::BlockDevice::new("a")).fields(), &[]), ("amazon::Volume", amazon::Volume::of(amazon::BlockDevice::new("a")).tags([("a", "a")]).tag("a", "a").snapshot_volume(true).snapshot_description("a").snapshot_tags([("a", "a")]).snapshot_tag("a", "a").snapshot_users(["a"]).snapshot_groups(["a"]).fields(), &["tags", "tag", "snapshot_volume", "snapshot_description", "snapshot_tags", "snapshot_tag", "snapshot_users", "snapshot_groups"]), ] }

fn sources_amazon_ebs_config_ebs() -> Vec<Tried> { vec![("amazon::Ebs::from_ami", amazon::Ebs::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["source_ami", "region", "ami_name"]), ("amazon::Ebs::from_filter", amazon::Ebs::from_filter(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["or_filter", "region", "ami_name"]), ("amazon::Ebs", amazon::Ebs::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a")).or_filter(amazon::AmiFilter::owned_by(["a"])).access(amazon::Access::new()).ami(amazon::Ami::new()).instance(amazon::Instance::of_type("a")).ami_block_device_mappings([amazon::BlockDevice::new("a")]).ami_block_device(amazon::BlockDevice::new("a")).launch_block_device_mappings([amazon::BlockDevice::new("a")]).launch_block_device(amazon::BlockDevice::new("a")).run_volume_tags([("a", "a")]).run_volume_tag("a", "a").no_ephemeral(true).fast_launch(amazon::FastLaunch::new()).skip_create_ami(true).skip_ami_run_tags(true).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["or_filter", "ami_block_device_mappings", "launch_block_device_mappings", "run_volume_tags", "run_volume_tag", "no_ephemeral", "fast_launch", "skip_create_ami", "skip_ami_run_tags", "communicator"]), ] }

fn sources_amazon_ebs_config_fastlaunch() -> Vec<Tried> { vec![("amazon::FastLaunch::new", amazon::FastLaunch::new().fields(), &["enable_fast_launch"]), ("amazon::FastLaunch", amazon::FastLaunch::new().enable_fast_launch(true).template_id("a").template_name("a").template_version(1_u32).region_launch_templates([amazon::FastLaunchRegion::new(amazon::Region::new("a"))]).region(amazon::FastLaunchRegion::new(amazon::Region::new("a"))).max_parallel_launches(1_u32).target_resource_count(1_u32).fields(), &["enable_fast_launch", "template_id", "template_name", "template_version", "region_launch_templates", "max_parallel_launches", "target_resource_count"]), ] }

fn sources_amazon_ebs_config_fastlaunchregion() -> Vec<Tried> { vec![("amazon::FastLaunchRegion::new", amazon::FastLaunchRegion::new(amazon::Region::new("a")).fields(), &["region"]), ("amazon::FastLaunchRegion", amazon::FastLaunchRegion::new(amazon::Region::new("a")).enable_fast_launch(true).template_id("a").template_name("a").template_version(1_u32).fields(), &["enable_fast_launch", "template_id", "template_name", "template_version"]), ] }

fn sources_amazon_ebs_surrogate_config_ebssurrogate() -> Vec<Tried> { vec![("amazon::EbsSurrogate::from_ami", amazon::EbsSurrogate::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["source_ami", "region", "ami_name"]), ("amazon::EbsSurrogate::from_filter", amazon::EbsSurrogate::from_filter(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a"), amazon::AmiName::new("a")).fields(), &["or_filter", "region", "ami_name"]), ("amazon::EbsSurrogate", amazon::EbsSurrogate::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a")).or_filter(amazon::AmiFilter::owned_by(["a"])).root_device(amazon::RootDevice::from_device("a")).access(amazon::Access::new()).ami(amazon::Ami::new()).instance(amazon::Instance::of_type("a")).ami_block_device_mappings([amazon::BlockDevice::new("a")]).ami_block_device(amazon::BlockDevice::new("a")).launch_block_device_mappings([amazon::BlockDevice::new("a")]).launch_block_device(amazon::BlockDevice::new("a")).run_volume_tags([("a", "a")]).run_volume_tag("a", "a").snapshot_description("a").skip_ami_run_tags(true).ami_architecture("a").boot_mode("a").uefi_data("a").tpm_support("a").use_create_image(true).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["or_filter", "root_device", "ami_block_device_mappings", "launch_block_device_mappings", "run_volume_tags", "run_volume_tag", "snapshot_description", "skip_ami_run_tags", "ami_architecture", "boot_mode", "uefi_data", "tpm_support", "use_create_image", "communicator"]), ] }

fn sources_amazon_ebs_volume_config_ebsvolume() -> Vec<Tried> { vec![("amazon::EbsVolume::from_ami", amazon::EbsVolume::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a")).fields(), &["source_ami", "region"]), ("amazon::EbsVolume::from_filter", amazon::EbsVolume::from_filter(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a")).fields(), &["or_filter", "region"]), ("amazon::EbsVolume", amazon::EbsVolume::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a")).or_filter(amazon::AmiFilter::owned_by(["a"])).ebs_volumes([amazon::Volume::of(amazon::BlockDevice::new("a"))]).volume(amazon::Volume::of(amazon::BlockDevice::new("a"))).access(amazon::Access::new()).instance(amazon::Instance::of_type("a")).ena_support(true).sriov_support(true).run_volume_tags([("a", "a")]).run_volume_tag("a", "a").communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["or_filter", "ebs_volumes", "ena_support", "sriov_support", "run_volume_tags", "run_volume_tag", "communicator"]), ] }

fn sources_amazon_instance_config_bundle() -> Vec<Tried> { vec![("amazon::Bundle::new", amazon::Bundle::new("a", "a").fields(), &["account_id", "s3_bucket"]), ("amazon::Bundle.signed_with", amazon::Bundle::new("a", "a").signed_with("a", "a").fields(), &["x509_cert_path", "x509_key_path"]), ("amazon::Bundle", amazon::Bundle::new("a", "a").x509_upload_path("a").bundle_destination("a").bundle_prefix("a").bundle_vol_command("a").bundle_upload_command("a").fields(), &["x509_upload_path", "bundle_destination", "bundle_prefix", "bundle_vol_command", "bundle_upload_command"]), ] }

fn sources_amazon_instance_config_instancestore() -> Vec<Tried> { vec![("amazon::InstanceStore::from_ami", amazon::InstanceStore::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a"), amazon::Bundle::new("a", "a")).fields(), &["source_ami", "region", "ami_name"]), ("amazon::InstanceStore::from_filter", amazon::InstanceStore::from_filter(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a"), amazon::AmiName::new("a"), amazon::Bundle::new("a", "a")).fields(), &["or_filter", "region", "ami_name"]), ("amazon::InstanceStore", amazon::InstanceStore::from_ami(amazon::AmiId::new("a"), amazon::Region::new("a"), amazon::AmiName::new("a"), amazon::Bundle::new("a", "a")).or_filter(amazon::AmiFilter::owned_by(["a"])).access(amazon::Access::new()).ami(amazon::Ami::new()).instance(amazon::Instance::of_type("a")).ami_block_device_mappings([amazon::BlockDevice::new("a")]).ami_block_device(amazon::BlockDevice::new("a")).launch_block_device_mappings([amazon::BlockDevice::new("a")]).launch_block_device(amazon::BlockDevice::new("a")).tpm_support("a").communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["or_filter", "ami_block_device_mappings", "launch_block_device_mappings", "tpm_support", "communicator"]), ] }

fn sources_amazon_lookup_findami() -> Vec<Tried> { vec![("amazon::FindAmi::by", amazon::FindAmi::by(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a")).fields(), &["region"]), ("amazon::FindAmi", amazon::FindAmi::by(amazon::AmiFilter::owned_by(["a"]), amazon::Region::new("a")).access(amazon::Access::new()).fields(), &[]), ] }

fn sources_amazon_lookup_parameter() -> Vec<Tried> { vec![("amazon::Parameter::named", amazon::Parameter::named("a", amazon::Region::new("a")).fields(), &["name", "region"]), ("amazon::Parameter", amazon::Parameter::named("a", amazon::Region::new("a")).with_decryption(true).access(amazon::Access::new()).fields(), &["with_decryption"]), ] }

fn sources_amazon_lookup_storedsecret() -> Vec<Tried> { vec![("amazon::StoredSecret::named", amazon::StoredSecret::named("a", amazon::Region::new("a")).fields(), &["name", "region"]), ("amazon::StoredSecret", amazon::StoredSecret::named("a", amazon::Region::new("a")).key("a").version_id("a").version_stage("a").access(amazon::Access::new()).fields(), &["key", "version_id", "version_stage"]), ] }

fn sources_amazon_machine_amifilter() -> Vec<Tried> { vec![] }

fn sources_amazon_machine_filter() -> Vec<Tried> { vec![] }

fn sources_amazon_machine_instance() -> Vec<Tried> { vec![] }

fn sources_amazon_machine_licenseconfiguration() -> Vec<Tried> { vec![("amazon::LicenseConfiguration::new", amazon::LicenseConfiguration::new("a").fields(), &["license_configuration_arn"]), ("amazon::LicenseConfiguration", amazon::LicenseConfiguration::new("a").license_configuration_arn("a").fields(), &["license_configuration_arn"]), ] }

fn sources_amazon_machine_licensespecification() -> Vec<Tried> { vec![("amazon::LicenseSpecification::new", amazon::LicenseSpecification::new(amazon::LicenseConfiguration::new("a")).fields(), &["license_configuration_request"]), ("amazon::LicenseSpecification", amazon::LicenseSpecification::new(amazon::LicenseConfiguration::new("a")).license_configuration_request(amazon::LicenseConfiguration::new("a")).fields(), &["license_configuration_request"]), ] }

fn sources_amazon_machine_metadataoptions() -> Vec<Tried> { vec![("amazon::MetadataOptions::new", amazon::MetadataOptions::new().fields(), &[]), ("amazon::MetadataOptions", amazon::MetadataOptions::new().http_endpoint("a").http_tokens("a").http_put_response_hop_limit(1_u32).instance_metadata_tags("a").fields(), &["http_endpoint", "http_tokens", "http_put_response_hop_limit", "instance_metadata_tags"]), ] }

fn sources_amazon_machine_placement() -> Vec<Tried> { vec![("amazon::Placement::new", amazon::Placement::new().fields(), &[]), ("amazon::Placement", amazon::Placement::new().host_id("a").host_resource_group_arn("a").tenancy("a").fields(), &["host_id", "host_resource_group_arn", "tenancy"]), ] }

fn sources_amazon_machine_policydocument() -> Vec<Tried> { vec![("amazon::PolicyDocument::new", amazon::PolicyDocument::new([amazon::Statement::allow(["a"])]).fields(), &["statements", "version"]), ("amazon::PolicyDocument", amazon::PolicyDocument::new([amazon::Statement::allow(["a"])]).version("a").statements([amazon::Statement::allow(["a"])]).statement(amazon::Statement::allow(["a"])).fields(), &["version", "statements"]), ] }

fn sources_amazon_machine_statement() -> Vec<Tried> { vec![("amazon::Statement::allow", amazon::Statement::allow(["a"]).fields(), &["actions", "effect"]), ("amazon::Statement::deny", amazon::Statement::deny(["a"]).fields(), &["actions", "effect"]), ("amazon::Statement", amazon::Statement::allow(["a"]).effect("a").actions(["a"]).action("a").resources(["a"]).resource("a").fields(), &["effect", "actions", "resources"]), ] }

fn sources_amazon_machine_subnetfilter() -> Vec<Tried> { vec![("amazon::SubnetFilter::of", amazon::SubnetFilter::of(amazon::Filter::new()).fields(), &[]), ("amazon::SubnetFilter", amazon::SubnetFilter::of(amazon::Filter::new()).most_free(true).random(true).fields(), &["most_free", "random"]), ] }

fn sources_azure_access_access() -> Vec<Tried> { vec![] }

fn sources_azure_arm_config_arm() -> Vec<Tried> { vec![("azure::Arm::from_marketplace", azure::Arm::from_marketplace(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() }, azure::OsType::Linux).fields(), &["image_publisher", "image_offer", "image_sku", "os_type"]), ("azure::Arm::from_disk", azure::Arm::from_disk("a", azure::OsType::Linux).fields(), &["or_disk", "os_type"]), ("azure::Arm::from_managed_image", azure::Arm::from_managed_image(azure::ManagedImage { resource_group: "a".into(), name: "a".into() }, azure::OsType::Linux).fields(), &["custom_managed_image_resource_group_name", "custom_managed_image_name", "os_type"]), ("azure::Arm::from_gallery", azure::Arm::from_gallery(azure::GallerySource::id("a"), azure::OsType::Linux).fields(), &["or_gallery", "os_type"]), ("azure::Arm.managed_image", azure::Arm::from_marketplace(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() }, azure::OsType::Linux).managed_image("a", "a").fields(), &["managed_image_resource_group_name", "managed_image_name"]), ("azure::Arm.disk_in", azure::Arm::from_marketplace(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() }, azure::OsType::Linux).disk_in("a", "a").fields(), &["resource_group_name", "storage_account"]), ("azure::Arm", azure::Arm::from_marketplace(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() }, azure::OsType::Linux).image_version("a").or_disk("a").or_gallery(azure::GallerySource::id("a")).access(azure::Access::new()).location("a").build_resource_group_name("a").temp_resource_group_name("a").temp_compute_name("a").temp_nic_name("a").temp_os_disk_name("a").custom_resource_build_prefix("a").async_resourcegroup_delete(true).vm_size("a").spot(azure::Spot::new("a")).user_assigned_managed_identities(["a"]).plan_info(azure::Plan::of(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() })).license_type("a").custom_data(Secret::env("A")).custom_data_file("a").user_data(Secret::env("A")).user_data_file("a").custom_script("a").os_disk_size_gb(1_u32).disk_additional_size([1_u32]).disk_additional_luns([1_i32]).disk_caching_type("a").disk_controller_type("a").disk_encryption_set_id("a").encryption_at_host(true).security_type("a").security_encryption_type("a").secure_boot_enabled(true).vtpm_enabled(true).boot_diag_storage_account("a").virtual_network_name("a").virtual_network_subnet_name("a").virtual_network_resource_group_name("a").private_virtual_network_with_public_ip(true).public_ip_sku("a").accelerated_networking(true).allowed_inbound_ip_addresses(["a"]).managed_image_storage_account_type("a").managed_image_os_disk_snapshot_name("a").managed_image_data_disk_snapshot_prefix("a").managed_image_zone_resilient(true).keep_os_disk(true).shared_image_gallery_destination(azure::GalleryDestination::new(azure::Gallery { resource_group: "a".into(), name: "a".into(), subscription: "a".into() }, "a", "a")).shared_image_gallery_timeout(Duration::from_secs(1)).shared_gallery_image_version_end_of_life_date("a").shared_gallery_image_version_exclude_from_latest(true).shared_image_gallery_replica_count(1_u32).capture_container_name("a").capture_name_prefix("a").azure_tags([("a", "a")]).azure_tag("a", "a").build_key_vault_name("a").build_key_vault_secret_name("a").build_key_vault_sku("a").skip_create_build_key_vault(true).winrm_expiration_time(Duration::from_secs(1)).sas_token_duration(Duration::from_secs(1)).polling_duration_timeout(Duration::from_secs(1)).skip_create_image(true).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["image_version", "or_disk", "or_gallery", "location", "build_resource_group_name", "temp_resource_group_name", "temp_compute_name", "temp_nic_name", "temp_os_disk_name", "custom_resource_build_prefix", "async_resourcegroup_delete", "vm_size", "spot", "user_assigned_managed_identities", "plan_info", "license_type", "custom_data", "custom_data_file", "user_data", "user_data_file", "custom_script", "os_disk_size_gb", "disk_additional_size", "disk_additional_luns", "disk_caching_type", "disk_controller_type", "disk_encryption_set_id", "encryption_at_host", "security_type", "security_encryption_type", "secure_boot_enabled", "vtpm_enabled", "boot_diag_storage_account", "virtual_network_name", "virtual_network_subnet_name", "virtual_network_resource_group_name", "private_virtual_network_with_public_ip", "public_ip_sku", "accelerated_networking", "allowed_inbound_ip_addresses", "managed_image_storage_account_type", "managed_image_os_disk_snapshot_name", "managed_image_data_disk_snapshot_prefix", "managed_image_zone_resilient", "keep_os_disk", "shared_image_gallery_destination", "shared_image_gallery_timeout", "shared_gallery_image_version_end_of_life_date", "shared_gallery_image_version_exclude_from_latest", "shared_image_gallery_replica_count", "capture_container_name", "capture_name_prefix", "azure_tags", "azure_tag", "build_key_vault_name", "build_key_vault_secret_name", "build_key_vault_sku", "skip_create_build_key_vault", "winrm_expiration_time", "sas_token_duration", "polling_duration_timeout", "skip_create_image", "communicator"]), ] }

fn sources_azure_arm_config_gallerydestination() -> Vec<Tried> { vec![("azure::GalleryDestination::new", azure::GalleryDestination::new(azure::Gallery { resource_group: "a".into(), name: "a".into(), subscription: "a".into() }, "a", "a").fields(), &["resource_group", "gallery_name", "subscription", "image_name", "image_version"]), ("azure::GalleryDestination", azure::GalleryDestination::new(azure::Gallery { resource_group: "a".into(), name: "a".into(), subscription: "a".into() }, "a", "a").subscription("a").replication_regions(["a"]).target_region(azure::TargetRegion::new("a")).storage_account_type("a").specialized(true).use_shallow_replication(true).confidential_vm_image_encryption_type("a").fields(), &["subscription", "replication_regions", "target_region", "storage_account_type", "specialized", "use_shallow_replication", "confidential_vm_image_encryption_type"]), ] }

fn sources_azure_arm_config_gallerysource() -> Vec<Tried> { vec![("azure::GallerySource::id", azure::GallerySource::id("a").fields(), &["id"]), ("azure::GallerySource::image", azure::GallerySource::image(azure::Gallery { subscription: "a".into(), resource_group: "a".into(), name: "a".into() }, "a").fields(), &["subscription", "resource_group", "gallery_name", "image_name"]), ("azure::GallerySource::community", azure::GallerySource::community("a").fields(), &["community_gallery_image_id"]), ("azure::GallerySource::shared", azure::GallerySource::shared("a").fields(), &["or_shared"]), ("azure::GallerySource", azure::GallerySource::id("a").image_version("a").or_shared("a").fields(), &["image_version", "or_shared"]), ] }

fn sources_azure_arm_config_plan() -> Vec<Tried> { vec![("azure::Plan::of", azure::Plan::of(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() }).fields(), &["plan_publisher", "plan_product", "plan_name"]), ("azure::Plan", azure::Plan::of(azure::MarketplaceImage { publisher: "a".into(), offer: "a".into(), sku: "a".into() }).plan_promotion_code("a").fields(), &["plan_promotion_code"]), ] }

fn sources_azure_arm_config_spot() -> Vec<Tried> { vec![("azure::Spot::new", azure::Spot::new("a").fields(), &["eviction_policy"]), ("azure::Spot", azure::Spot::new("a").max_price(1.5).fields(), &["max_price"]), ] }

fn sources_azure_arm_config_targetregion() -> Vec<Tried> { vec![("azure::TargetRegion::new", azure::TargetRegion::new("a").fields(), &["name"]), ("azure::TargetRegion", azure::TargetRegion::new("a").disk_encryption_set_id("a").replicas(1_u32).fields(), &["disk_encryption_set_id", "replicas"]), ] }

fn sources_azure_lookup_vaultsecret() -> Vec<Tried> { vec![("azure::VaultSecret::named", azure::VaultSecret::named("a", "a").fields(), &["vault_name", "secret_name"]), ("azure::VaultSecret", azure::VaultSecret::named("a", "a").version("a").access(azure::Access::new()).fields(), &["version"]), ] }

fn sources_docker_config_container() -> Vec<Tried> { vec![("docker::Container::from_image", docker::Container::from_image("a").fields(), &["image"]), ("docker::Container::from_build", docker::Container::from_build(docker::Dockerfile::new("a")).fields(), &["build"]), ("docker::Container.export_path", docker::Container::from_image("a").export_path("a").fields(), &["export_path"]), ("docker::Container.discard", docker::Container::from_image("a").discard(true).fields(), &["discard"]), ("docker::Container", docker::Container::from_image("a").pull(docker::Pull::Always).platform("a").login(docker::Login::new("a", Secret::env("A"))).changes(["a"]).change("a").author("a").message("a").exec_user("a").pty(true).fix_upload_owner(true).run_command(["a"]).privileged(true).cap_add(["a"]).cap_drop(["a"]).devices(["a"]).device("a").volumes([("a", "a")]).volume("a", "a").tmpfs(["a"]).network("a").runtime("a").windows_container(true).commit(true).fields(), &["pull", "platform", "changes", "author", "message", "exec_user", "pty", "fix_upload_owner", "run_command", "privileged", "cap_add", "cap_drop", "devices", "volumes", "tmpfs", "network", "runtime", "windows_container", "commit"]), ] }

fn sources_docker_dockerfile_dockerfile() -> Vec<Tried> { vec![("docker::Dockerfile::new", docker::Dockerfile::new("a").fields(), &["path"]), ("docker::Dockerfile", docker::Dockerfile::new("a").build_dir("a").arguments([("a", "a")]).argument("a", "a").pull(docker::Pull::Always).compress(true).target("a").platform("a").cache(true).fields(), &["build_dir", "arguments", "pull", "compress", "target", "platform", "cache"]), ] }

fn sources_docker_login_ecraccess() -> Vec<Tried> { vec![("docker::EcrAccess::new", docker::EcrAccess::new().fields(), &[]), ("docker::EcrAccess", docker::EcrAccess::new().aws_access_key("a").aws_secret_key(Secret::env("A")).aws_token(Secret::env("A")).aws_profile("a").aws_force_use_public_ecr(true).fields(), &["aws_access_key", "aws_secret_key", "aws_token", "aws_profile", "aws_force_use_public_ecr"]), ] }

fn sources_docker_login_login() -> Vec<Tried> { vec![] }

fn sources_file_config_file() -> Vec<Tried> { vec![("file::File::content", file::File::content("a", "a").fields(), &["content", "target"]), ("file::File::copy", file::File::copy("a", "a").fields(), &["source", "target"]), ("file::File", file::File::content("a", "a").fields(), &[]), ] }

fn sources_googlecompute_access_access() -> Vec<Tried> { vec![] }

fn sources_googlecompute_access_encryptionkey() -> Vec<Tried> { vec![] }

fn sources_googlecompute_config_attachment() -> Vec<Tried> { vec![("googlecompute::Attachment::new", googlecompute::Attachment::new("a", 1_u32).fields(), &["volume_type", "volume_size"]), ("googlecompute::Attachment", googlecompute::Attachment::new("a", 1_u32).attachment_mode("a").create_image(true).device_name("a").disk_name("a").disk_encryption_key(googlecompute::EncryptionKey::kms("a")).interface_type("a").iops(1_u32).keep_device(true).replica_zones(["a"]).source_volume("a").source_image("a").zone("a").fields(), &["attachment_mode", "create_image", "device_name", "disk_name", "disk_encryption_key", "interface_type", "iops", "keep_device", "replica_zones", "source_volume", "source_image", "zone"]), ] }

fn sources_googlecompute_config_instance() -> Vec<Tried> { vec![("googlecompute::Instance::from_image", googlecompute::Instance::from_image("a", googlecompute::ProjectId::new("a"), googlecompute::Zone::new("a")).fields(), &["source_image", "project_id", "zone"]), ("googlecompute::Instance::from_family", googlecompute::Instance::from_family("a", googlecompute::ProjectId::new("a"), googlecompute::Zone::new("a")).fields(), &["source_image_family", "project_id", "zone"]), ("googlecompute::Instance", googlecompute::Instance::from_image("a", googlecompute::ProjectId::new("a"), googlecompute::Zone::new("a")).source_image_project_id(["a"]).region("a").access(googlecompute::Access::new()).universe_domain("a").custom_endpoints([("a", "a")]).custom_endpoint("a", "a").image_name("a").image_description("a").image_family("a").image_labels([("a", "a")]).image_label("a", "a").image_project_id("a").image_storage_locations(["a"]).image_architecture("a").image_licenses(["a"]).image_guest_os_features(["a"]).image_encryption_key(googlecompute::EncryptionKey::kms("a")).image_platform_key("a").image_key_exchange_key(["a"]).image_signatures_db(["a"]).image_forbidden_signatures_db(["a"]).skip_create_image(true).deprecate_at("a").obsolete_at("a").delete_at("a").instance_name("a").machine_type("a").min_cpu_platform("a").accelerator_type("a").accelerator_count(1_u32).enable_nested_virtualization(true).enable_secure_boot(true).enable_vtpm(true).enable_integrity_monitoring(true).on_host_maintenance("a").preemptible(true).max_run_duration_in_seconds(1_u32).instance_termination_action("a").node_affinity([googlecompute::NodeAffinity::within("a", ["a"])]).affinity(googlecompute::NodeAffinity::within("a", ["a"])).reservation_affinity(googlecompute::ReservationAffinity::new("a")).disk_name("a").disk_size(1_u32).disk_type("a").disk_encryption_key(googlecompute::EncryptionKey::kms("a")).disk_attachment([googlecompute::Attachment::new("a", 1_u32)]).attach_disk(googlecompute::Attachment::new("a", 1_u32)).network("a").network_project_id("a").network_ip("a").subnetwork("a").address("a").omit_external_ip(true).use_internal_ip(true).tags(["a"]).labels([("a", "a")]).label("a", "a").resource_manager_tags([("a", "a")]).resource_manager_tag("a", "a").metadata([("a", "a")]).metadata_entry("a", "a").metadata_files([("a", "a")]).metadata_file("a", "a").startup_script_file("a").wrap_startup_script(true).scopes(["a"]).service_account_email("a").disable_default_service_account(true).use_os_login(true).oslogin_ssh_username("a").oslogin_ssh_key_expire_after(Duration::from_secs(1)).wait_to_add_ssh_keys(Duration::from_secs(1)).use_iap(true).iap_localhost_port(1_u16).iap_hashbang("a").iap_ext("a").iap_tunnel_launch_wait(1_u32).state_timeout(Duration::from_secs(1)).windows_password_timeout(Duration::from_secs(1)).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["source_image_project_id", "region", "universe_domain", "custom_endpoints", "image_name", "image_description", "image_family", "image_labels", "image_project_id", "image_storage_locations", "image_architecture", "image_licenses", "image_guest_os_features", "image_encryption_key", "image_platform_key", "image_key_exchange_key", "image_signatures_db", "image_forbidden_signatures_db", "skip_create_image", "deprecate_at", "obsolete_at", "delete_at", "instance_name", "machine_type", "min_cpu_platform", "accelerator_type", "accelerator_count", "enable_nested_virtualization", "enable_secure_boot", "enable_vtpm", "enable_integrity_monitoring", "on_host_maintenance", "preemptible", "max_run_duration_in_seconds", "instance_termination_action", "node_affinity", "reservation_affinity", "disk_name", "disk_size", "disk_type", "disk_encryption_key", "disk_attachment", "network", "network_project_id", "network_ip", "subnetwork", "address", "omit_external_ip", "use_internal_ip", "tags", "labels", "resource_manager_tags", "metadata", "metadata_files", "startup_script_file", "wrap_startup_script", "scopes", "service_account_email", "disable_default_service_account", "use_os_login", "oslogin_ssh_username", "oslogin_ssh_key_expire_after", "wait_to_add_ssh_keys", "use_iap", "iap_localhost_port", "iap_hashbang", "iap_ext", "iap_tunnel_launch_wait", "state_timeout", "windows_password_timeout", "communicator"]), ] }

fn sources_googlecompute_config_nodeaffinity() -> Vec<Tried> { vec![("googlecompute::NodeAffinity::within", googlecompute::NodeAffinity::within("a", ["a"]).fields(), &["key", "values", "operator"]), ("googlecompute::NodeAffinity::outside", googlecompute::NodeAffinity::outside("a", ["a"]).fields(), &["key", "values", "operator"]), ("googlecompute::NodeAffinity", googlecompute::NodeAffinity::within("a", ["a"]).values(["a"]).fields(), &["values"]), ] }

fn sources_googlecompute_config_reservationaffinity() -> Vec<Tried> { vec![("googlecompute::ReservationAffinity::new", googlecompute::ReservationAffinity::new("a").fields(), &["consume_reservation_type"]), ("googlecompute::ReservationAffinity", googlecompute::ReservationAffinity::new("a").key("a").values(["a"]).fields(), &["key", "values"]), ] }

fn sources_hcp_lookup_findartifact() -> Vec<Tried> { vec![("hcp::FindArtifact::of_version", hcp::FindArtifact::of_version("a", "a", "a", "a").fields(), &["bucket_name", "version_fingerprint", "platform", "region"]), ("hcp::FindArtifact::of_channel", hcp::FindArtifact::of_channel("a", "a", "a", "a").fields(), &["bucket_name", "channel_name", "platform", "region"]), ("hcp::FindArtifact", hcp::FindArtifact::of_version("a", "a", "a", "a").component_type("a").fields(), &["component_type"]), ] }

fn sources_hcp_lookup_findimage() -> Vec<Tried> { vec![("hcp::FindImage::of_iteration", hcp::FindImage::of_iteration("a", "a", "a", "a").fields(), &["bucket_name", "iteration_id", "cloud_provider", "region"]), ("hcp::FindImage::of_channel", hcp::FindImage::of_channel("a", "a", "a", "a").fields(), &["bucket_name", "channel", "cloud_provider", "region"]), ("hcp::FindImage", hcp::FindImage::of_iteration("a", "a", "a", "a").component_type("a").fields(), &["component_type"]), ] }

fn sources_hcp_lookup_finditeration() -> Vec<Tried> { vec![("hcp::FindIteration::of", hcp::FindIteration::of("a", "a").fields(), &["bucket_name", "channel"]), ("hcp::FindIteration", hcp::FindIteration::of("a", "a").fields(), &[]), ] }

fn sources_hcp_lookup_findversion() -> Vec<Tried> { vec![("hcp::FindVersion::of", hcp::FindVersion::of("a", "a").fields(), &["bucket_name", "channel_name"]), ("hcp::FindVersion", hcp::FindVersion::of("a", "a").fields(), &[]), ] }

fn sources_hyperv_iso_config_machine() -> Vec<Tried> { vec![("hyperv::iso::Machine::from_iso", hyperv::iso::Machine::from_iso(Iso::new("a", value::Checksum::none())).fields(), &[]), ("hyperv::iso::Machine", hyperv::iso::Machine::from_iso(Iso::new("a", value::Checksum::none())).hardware(hyperv::Hardware::new()).use_legacy_network_adapter(true).use_fixed_vhd_format(true).boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["use_legacy_network_adapter", "use_fixed_vhd_format", "communicator"]), ] }

fn sources_hyperv_machine_hardware() -> Vec<Tried> { vec![] }

fn sources_hyperv_vmcx_config_machine() -> Vec<Tried> { vec![("hyperv::vmcx::Machine::from_vm", hyperv::vmcx::Machine::from_vm("a").fields(), &["clone_from_vm_name"]), ("hyperv::vmcx::Machine::from_export", hyperv::vmcx::Machine::from_export("a").fields(), &["clone_from_vmcx_path"]), ("hyperv::vmcx::Machine", hyperv::vmcx::Machine::from_vm("a").clone_from_snapshot_name("a").clone_all_snapshots(true).copy_in_compare(true).iso(Iso::new("a", value::Checksum::none())).hardware(hyperv::Hardware::new()).boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["clone_from_snapshot_name", "clone_all_snapshots", "copy_in_compare", "communicator"]), ] }

fn sources_null_config_null() -> Vec<Tried> { vec![("Null::none", Null::none().fields(), &["communicator"]), ("Null::local", Null::local().fields(), &["communicator"]), ("Null::ssh", Null::ssh(Ssh::user("a")).fields(), &[]), ("Null::winrm", Null::winrm(WinRm::user("a")).fields(), &[]), ("Null", Null::none().communicator("a").fields(), &["communicator"]), ] }

fn sources_oci_config_oci() -> Vec<Tried> { vec![("Oci::from_registry", Oci::from_registry("a").fields(), &["registry"]), ("Oci::from_layout", Oci::from_layout("a").fields(), &["base_layout"]), ("Oci::from_archive", Oci::from_archive("a").fields(), &["base_archive"]), ("Oci::from_rootfs", Oci::from_rootfs("a").fields(), &["base_rootfs"]), ("Oci::from_debian", Oci::from_debian("a").fields(), &["debian"]), ("Oci::host_userland", Oci::host_userland(["a"]).fields(), &["programs"]), ("Oci", Oci::from_registry("a").mirror("a").packages(["a"]).reference("a").platform("a").cmd(["a"]).entrypoint(["a"]).envs([("a", "a")]).env("a", "a").user("a").workdir("a").expose(["a"]).labels([("a", "a")]).label("a", "a").volumes(["a"]).stop_signal("a").author("a").tag("a").exec_user("a").layout("a").oci_archive("a").docker_archive("a").layer_compression(Compression::None).fields(), &["mirror", "packages", "reference", "platform", "cmd", "entrypoint", "envs", "user", "workdir", "expose", "labels", "volumes", "stop_signal", "author", "tag", "exec_user", "layout", "oci_archive", "docker_archive", "layer_compression"]), ] }

fn sources_proxmox_access_connection() -> Vec<Tried> { vec![] }

fn sources_proxmox_clone_config_ipconfig() -> Vec<Tried> { vec![("proxmox::IpConfig::new", proxmox::IpConfig::new("a").fields(), &["ip"]), ("proxmox::IpConfig", proxmox::IpConfig::new("a").ip("a").gateway("a").ip6("a").gateway6("a").fields(), &["ip", "gateway", "ip6", "gateway6"]), ] }

fn sources_proxmox_clone_config_machine() -> Vec<Tried> { vec![("proxmox::clone::Machine::from_name", proxmox::clone::Machine::from_name(proxmox::Connection::new("a", proxmox::NodeName::new("a")), "a").fields(), &["clone_vm"]), ("proxmox::clone::Machine::from_id", proxmox::clone::Machine::from_id(proxmox::Connection::new("a", proxmox::NodeName::new("a")), 1_u32).fields(), &["clone_vm_id"]), ("proxmox::clone::Machine", proxmox::clone::Machine::from_name(proxmox::Connection::new("a", proxmox::NodeName::new("a")), "a").full_clone(true).nameserver("a").searchdomain("a").ipconfig(proxmox::IpConfig::new("a")).hardware(proxmox::Hardware::new()).outcome(proxmox::Outcome::template()).boot(Boot::keys(["a"])).http(Http::directory("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["full_clone", "nameserver", "searchdomain", "ipconfig", "communicator"]), ] }

fn sources_proxmox_iso_config_machine() -> Vec<Tried> { vec![("proxmox::iso::Machine::new", proxmox::iso::Machine::new(proxmox::Connection::new("a", proxmox::NodeName::new("a")), proxmox::IsoFile::stored("a")).fields(), &["boot_iso"]), ("proxmox::iso::Machine::on", proxmox::iso::Machine::on(proxmox::Connection::new("a", proxmox::NodeName::new("a"))).fields(), &[]), ("proxmox::iso::Machine", proxmox::iso::Machine::new(proxmox::Connection::new("a", proxmox::NodeName::new("a")), proxmox::IsoFile::stored("a")).older_iso(Iso::new("a", value::Checksum::none())).iso_file("a").iso_storage_pool("a").iso_download_pve(true).unmount_iso(true).hardware(proxmox::Hardware::new()).outcome(proxmox::Outcome::template()).boot(Boot::keys(["a"])).http(Http::directory("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["iso_file", "iso_storage_pool", "iso_download_pve", "unmount_iso", "communicator"]), ] }

fn sources_proxmox_machine_disk() -> Vec<Tried> { vec![("proxmox::Disk::new", proxmox::Disk::new("a", proxmox::PoolName::new("a")).fields(), &["disk_size", "storage_pool"]), ("proxmox::Disk", proxmox::Disk::new("a", proxmox::PoolName::new("a")).storage_pool_type("a").kind("a").format("a").cache_mode("a").asyncio("a").discard(true).ssd(true).io_thread(true).exclude_from_backup(true).fields(), &["storage_pool_type", "kind", "format", "cache_mode", "asyncio", "discard", "ssd", "io_thread", "exclude_from_backup"]), ] }

fn sources_proxmox_machine_eficonfig() -> Vec<Tried> { vec![("proxmox::EfiConfig::new", proxmox::EfiConfig::new("a").fields(), &["efi_storage_pool"]), ("proxmox::EfiConfig", proxmox::EfiConfig::new("a").efi_format("a").efi_type("a").pre_enrolled_keys(true).fields(), &["efi_format", "efi_type", "pre_enrolled_keys"]), ] }

fn sources_proxmox_machine_hardware() -> Vec<Tried> { vec![] }

fn sources_proxmox_machine_isofile() -> Vec<Tried> { vec![] }

fn sources_proxmox_machine_networkadapter() -> Vec<Tried> { vec![("proxmox::NetworkAdapter::on", proxmox::NetworkAdapter::on("a").fields(), &["bridge"]), ("proxmox::NetworkAdapter", proxmox::NetworkAdapter::on("a").model("a").mac_address("a").mtu(1_u32).vlan_tag("a").packet_queues(1_u32).firewall(true).fields(), &["model", "mac_address", "mtu", "vlan_tag", "packet_queues", "firewall"]), ] }

fn sources_proxmox_machine_outcome() -> Vec<Tried> { vec![] }

fn sources_proxmox_machine_pcidevice() -> Vec<Tried> { vec![("proxmox::PciDevice::at", proxmox::PciDevice::at("a").fields(), &["host"]), ("proxmox::PciDevice::mapped", proxmox::PciDevice::mapped("a").fields(), &["mapping"]), ("proxmox::PciDevice", proxmox::PciDevice::at("a").host("a").mapping("a").device_id("a").vendor_id("a").sub_device_id("a").sub_vendor_id("a").mdev("a").pcie(true).legacy_igd(true).x_vga(true).hide_rombar(true).romfile("a").fields(), &["host", "mapping", "device_id", "vendor_id", "sub_device_id", "sub_vendor_id", "mdev", "pcie", "legacy_igd", "x_vga", "hide_rombar", "romfile"]), ] }

fn sources_proxmox_machine_rng() -> Vec<Tried> { vec![("proxmox::Rng::new", proxmox::Rng::new("a", 1_u32).fields(), &["source", "max_bytes"]), ("proxmox::Rng", proxmox::Rng::new("a", 1_u32).period(1_u32).fields(), &["period"]), ] }

fn sources_proxmox_machine_tpmconfig() -> Vec<Tried> { vec![("proxmox::TpmConfig::new", proxmox::TpmConfig::new("a").fields(), &["tpm_storage_pool"]), ("proxmox::TpmConfig", proxmox::TpmConfig::new("a").tpm_version("a").fields(), &["tpm_version"]), ] }

fn sources_proxmox_machine_vga() -> Vec<Tried> { vec![("proxmox::Vga::new", proxmox::Vga::new("a").fields(), &["kind"]), ("proxmox::Vga", proxmox::Vga::new("a").memory(1_u32).fields(), &["memory"]), ] }

fn sources_qemu_config_imgarguments() -> Vec<Tried> { vec![("qemu::ImgArguments::new", qemu::ImgArguments::new().fields(), &[]), ("qemu::ImgArguments", qemu::ImgArguments::new().convert(["a"]).create(["a"]).resize(["a"]).fields(), &["convert", "create", "resize"]), ] }

fn sources_qemu_config_machine() -> Vec<Tried> { vec![("qemu::Machine::from_iso", qemu::Machine::from_iso(Iso::new("a", value::Checksum::none())).fields(), &[]), ("qemu::Machine::from_disk", qemu::Machine::from_disk(Iso::new("a", value::Checksum::none())).fields(), &["disk_image"]), ("qemu::Machine", qemu::Machine::from_iso(Iso::new("a", value::Checksum::none())).use_backing_file(true).vm_name("a").output_directory("a").format("a").disk_size("a").disk_additional_size(["a"]).additional_disk("a").skip_resize_disk(true).disk_interface("a").step_snapshots(true).disk_cache("a").disk_discard("a").disk_detect_zeroes("a").image_format("a").disk_compression(true).skip_compaction(true).qemu_img_args(qemu::ImgArguments::new()).cdrom_interface("a").iso_skip_cache(true).machine_type("a").accelerator("a").cpus(1_u32).sockets(1_u32).cores(1_u32).threads(1_u32).cpu_model("a").memory(1_u32).efi_boot(true).efi_firmware_code("a").efi_firmware_vars("a").efi_drop_efivars(true).firmware("a").use_pflash(true).vtpm(true).use_tpm1(true).tpm_device_type("a").net_device("a").net_bridge("a").vga("a").display("a").use_default_display(true).headless(true).vnc(Vnc::new()).vnc_use_password(true).vnc_password(Secret::env("A")).qmp_enable(true).qmp_socket_path("a").qemu_binary("a").qemuargs([["a"]]).qemuarg(["a"]).boot_steps([["a"]]).boot_step(["a"]).boot_key_interval(Duration::from_secs(1)).run_once(true).host_ports(HostPorts::range(1_u16, 1_u16)).boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).cloud_init(CloudInit::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["use_backing_file", "vm_name", "output_directory", "format", "disk_size", "disk_additional_size", "skip_resize_disk", "disk_interface", "step_snapshots", "disk_cache", "disk_discard", "disk_detect_zeroes", "image_format", "disk_compression", "skip_compaction", "qemu_img_args", "cdrom_interface", "iso_skip_cache", "machine_type", "accelerator", "cpus", "sockets", "cores", "threads", "cpu_model", "memory", "efi_boot", "efi_firmware_code", "efi_firmware_vars", "efi_drop_efivars", "firmware", "use_pflash", "vtpm", "use_tpm1", "tpm_device_type", "net_device", "net_bridge", "vga", "display", "use_default_display", "headless", "vnc_use_password", "vnc_password", "qmp_enable", "qmp_socket_path", "qemu_binary", "qemuargs", "boot_steps", "boot_key_interval", "run_once", "communicator"]), ] }

fn sources_vagrant_config_machine() -> Vec<Tried> { vec![("vagrant::Machine::from_box", vagrant::Machine::from_box("a").fields(), &["source_path"]), ("vagrant::Machine::from_global_id", vagrant::Machine::from_global_id("a").fields(), &["global_id"]), ("vagrant::Machine", vagrant::Machine::from_box("a").checksum(value::Checksum::none()).iso(Iso::new("a", value::Checksum::none())).box_name("a").box_version("a").provider("a").output_dir("a").template("a").output_vagrantfile("a").synced_folder("a").insert_key(true).skip_add(true).add_cacert("a").add_capath("a").add_cert("a").add_clean(true).add_force(true).add_insecure(true).skip_package(true).package_include(["a"]).teardown_method("a").boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["checksum", "box_name", "box_version", "provider", "output_dir", "template", "output_vagrantfile", "synced_folder", "insert_key", "skip_add", "add_cacert", "add_capath", "add_cert", "add_clean", "add_force", "add_insecure", "skip_package", "package_include", "teardown_method", "communicator"]), ] }

fn sources_virtualbox_iso_config_machine() -> Vec<Tried> { vec![("virtualbox::iso::Machine::from_iso", virtualbox::iso::Machine::from_iso(Iso::new("a", value::Checksum::none())).fields(), &[]), ("virtualbox::iso::Machine", virtualbox::iso::Machine::from_iso(Iso::new("a", value::Checksum::none())).vm_name("a").guest_os_type("a").cpus(1_u32).memory(1_u32).disk_size(1_u32).disk_additional_size([1_u32]).hard_drive_interface("a").hard_drive_discard(true).hard_drive_nonrotational(true).sata_port_count(1_u32).nvme_port_count(1_u32).iso_interface("a").bundle_iso(true).chipset("a").firmware("a").nested_virt(true).rtc_time_base("a").nic_type("a").sound("a").audio_controller("a").usb(true).usb_controller("a").mouse("a").keyboard("a").gfx_controller("a").gfx_vram_size(1_u32).gfx_accelerate_3d(true).gfx_efi_resolution("a").boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).power_off(virtualbox::PowerOff::new()).host_ports(HostPorts::range(1_u16, 1_u16)).ssh_skip_nat_mapping(true).run(virtualbox::Run::new()).guest_additions(virtualbox::GuestAdditions::mode("a")).export(virtualbox::Export::format("a")).fields(), &["vm_name", "guest_os_type", "cpus", "memory", "disk_size", "disk_additional_size", "hard_drive_interface", "hard_drive_discard", "hard_drive_nonrotational", "sata_port_count", "nvme_port_count", "iso_interface", "bundle_iso", "chipset", "firmware", "nested_virt", "rtc_time_base", "nic_type", "sound", "audio_controller", "usb", "usb_controller", "mouse", "keyboard", "gfx_controller", "gfx_vram_size", "gfx_accelerate_3d", "gfx_efi_resolution", "communicator", "ssh_skip_nat_mapping"]), ] }

fn sources_virtualbox_machine_export() -> Vec<Tried> { vec![] }

fn sources_virtualbox_machine_guestadditions() -> Vec<Tried> { vec![] }

fn sources_virtualbox_machine_poweroff() -> Vec<Tried> { vec![] }

fn sources_virtualbox_machine_run() -> Vec<Tried> { vec![] }

fn sources_virtualbox_ovf_config_machine() -> Vec<Tried> { vec![("virtualbox::ovf::Machine::from_ovf", virtualbox::ovf::Machine::from_ovf("a", value::Checksum::none()).fields(), &["source_path", "checksum"]), ("virtualbox::ovf::Machine", virtualbox::ovf::Machine::from_ovf("a", value::Checksum::none()).target_path("a").import_flags(["a"]).import_opts("a").vm_name("a").boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).power_off(virtualbox::PowerOff::new()).host_ports(HostPorts::range(1_u16, 1_u16)).ssh_skip_nat_mapping(true).run(virtualbox::Run::new()).guest_additions(virtualbox::GuestAdditions::mode("a")).export(virtualbox::Export::format("a")).fields(), &["target_path", "import_flags", "import_opts", "vm_name", "communicator", "ssh_skip_nat_mapping"]), ] }

fn sources_virtualbox_vm_config_machine() -> Vec<Tried> { vec![("virtualbox::vm::Machine::existing", virtualbox::vm::Machine::existing("a").fields(), &["vm_name"]), ("virtualbox::vm::Machine", virtualbox::vm::Machine::existing("a").attach_snapshot("a").target_snapshot("a").force_delete_snapshot(true).boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).power_off(virtualbox::PowerOff::new()).host_ports(HostPorts::range(1_u16, 1_u16)).ssh_skip_nat_mapping(true).run(virtualbox::Run::new()).guest_additions(virtualbox::GuestAdditions::mode("a")).export(virtualbox::Export::format("a")).fields(), &["attach_snapshot", "target_snapshot", "force_delete_snapshot", "communicator", "ssh_skip_nat_mapping"]), ] }

fn sources_vmware_iso_config_machine() -> Vec<Tried> { vec![("vmware::iso::Machine::from_iso", vmware::iso::Machine::from_iso(Iso::new("a", value::Checksum::none())).fields(), &[]), ("vmware::iso::Machine", vmware::iso::Machine::from_iso(Iso::new("a", value::Checksum::none())).vm_name("a").guest_os_type("a").version(1_u32).firmware("a").cpus(1_u32).cores(1_u32).memory(1_u32).disk_size(1_u32).disks(vmware::Disks::new()).cdrom_adapter_type("a").network("a").network_name("a").network_adapter_type("a").sound(true).usb(true).usb_version("a").serial("a").parallel("a").vhv_enabled(true).vmx_template_path("a").vmx_disk_template_path("a").snapshot_name("a").boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).run(vmware::Run::new()).vnc(Vnc::new()).tools(vmware::Tools::upload("a")).vmx(vmware::Vmx::new()).export(vmware::Export::format("a")).fields(), &["vm_name", "guest_os_type", "version", "firmware", "cpus", "cores", "memory", "disk_size", "cdrom_adapter_type", "network", "network_name", "network_adapter_type", "sound", "usb", "usb_version", "serial", "parallel", "vhv_enabled", "vmx_template_path", "vmx_disk_template_path", "snapshot_name", "communicator"]), ] }

fn sources_vmware_machine_disks() -> Vec<Tried> { vec![] }

fn sources_vmware_machine_export() -> Vec<Tried> { vec![] }

fn sources_vmware_machine_run() -> Vec<Tried> { vec![] }

fn sources_vmware_machine_tools() -> Vec<Tried> { vec![] }

fn sources_vmware_machine_vmx() -> Vec<Tried> { vec![] }

fn sources_vmware_vmx_config_machine() -> Vec<Tried> { vec![("vmware::vmx::Machine::from_vmx", vmware::vmx::Machine::from_vmx("a").fields(), &["source_path"]), ("vmware::vmx::Machine", vmware::vmx::Machine::from_vmx("a").linked(true).attach_snapshot("a").vm_name("a").snapshot_name("a").guest_os_type("a").version(1_u32).disks(vmware::Disks::new()).cdrom_adapter_type("a").boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).run(vmware::Run::new()).vnc(Vnc::new()).tools(vmware::Tools::upload("a")).vmx(vmware::Vmx::new()).export(vmware::Export::format("a")).fields(), &["linked", "attach_snapshot", "vm_name", "snapshot_name", "guest_os_type", "version", "cdrom_adapter_type", "communicator"]), ] }

fn sources_vsphere_access_connection() -> Vec<Tried> { vec![] }

fn sources_vsphere_access_login() -> Vec<Tried> { vec![] }

fn sources_vsphere_clone_config_customize() -> Vec<Tried> { vec![("vsphere::Customize::linux", vsphere::Customize::linux(vsphere::LinuxOptions::new("a")).fields(), &["linux_options"]), ("vsphere::Customize::windows", vsphere::Customize::windows(vsphere::WindowsOptions::new("a")).fields(), &["windows_options"]), ("vsphere::Customize::sysprep", vsphere::Customize::sysprep("a").fields(), &["windows_sysprep_file"]), ("vsphere::Customize", vsphere::Customize::linux(vsphere::LinuxOptions::new("a")).linux_options(vsphere::LinuxOptions::new("a")).windows_options(vsphere::WindowsOptions::new("a")).windows_sysprep_file("a").windows_sysprep_text(Secret::env("A")).network_interface([vsphere::NetworkInterface::dhcp()]).interface(vsphere::NetworkInterface::dhcp()).ipv4_gateway("a").ipv6_gateway("a").dns_server_list(["a"]).dns_suffix_list(["a"]).fields(), &["linux_options", "windows_options", "windows_sysprep_file", "windows_sysprep_text", "network_interface", "ipv4_gateway", "ipv6_gateway", "dns_server_list", "dns_suffix_list"]), ] }

fn sources_vsphere_clone_config_linuxoptions() -> Vec<Tried> { vec![("vsphere::LinuxOptions::new", vsphere::LinuxOptions::new("a").fields(), &["host_name"]), ("vsphere::LinuxOptions", vsphere::LinuxOptions::new("a").host_name("a").domain("a").hw_clock_utc(true).time_zone("a").fields(), &["host_name", "domain", "hw_clock_utc", "time_zone"]), ] }

fn sources_vsphere_clone_config_machine() -> Vec<Tried> { vec![("vsphere::clone::Machine::new", vsphere::clone::Machine::new(vsphere::Connection::new("a", vsphere::Login::new("a", Secret::env("A"))), vsphere::Location::named("a"), "a").fields(), &["template"]), ("vsphere::clone::Machine", vsphere::clone::Machine::new(vsphere::Connection::new("a", vsphere::Login::new("a", Secret::env("A"))), vsphere::Location::named("a"), "a").linked_clone(true).hardware(vsphere::Hardware::new()).disk_size(1_u32).network("a").mac_address("a").customize(vsphere::Customize::linux(vsphere::LinuxOptions::new("a"))).vapp(vsphere::Vapp::new()).media(vsphere::Media::new()).waiting(vsphere::Waiting::new()).outcome(vsphere::Outcome::machine()).boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["linked_clone", "disk_size", "network", "mac_address", "customize", "vapp", "communicator"]), ] }

fn sources_vsphere_clone_config_networkinterface() -> Vec<Tried> { vec![("vsphere::NetworkInterface::dhcp", vsphere::NetworkInterface::dhcp().fields(), &[]), ("vsphere::NetworkInterface::ipv4", vsphere::NetworkInterface::ipv4("a", 1_u32).fields(), &["ipv4_address", "ipv4_netmask"]), ("vsphere::NetworkInterface", vsphere::NetworkInterface::dhcp().ipv4_address("a").ipv4_netmask(1_u32).ipv6_address("a").ipv6_netmask(1_u32).dns_server_list(["a"]).dns_domain("a").fields(), &["ipv4_address", "ipv4_netmask", "ipv6_address", "ipv6_netmask", "dns_server_list", "dns_domain"]), ] }

fn sources_vsphere_clone_config_vapp() -> Vec<Tried> { vec![("vsphere::Vapp::new", vsphere::Vapp::new().fields(), &[]), ("vsphere::Vapp", vsphere::Vapp::new().properties([("a", "a")]).property("a", "a").fields(), &["properties"]), ] }

fn sources_vsphere_clone_config_windowsoptions() -> Vec<Tried> { vec![("vsphere::WindowsOptions::new", vsphere::WindowsOptions::new("a").fields(), &["computer_name"]), ("vsphere::WindowsOptions", vsphere::WindowsOptions::new("a").computer_name("a").workgroup("a").admin_password(Secret::env("A")).auto_logon(true).auto_logon_count(1_u32).run_once_command_list(["a"]).time_zone(1_u32).full_name("a").organization_name("a").product_key(Secret::env("A")).fields(), &["computer_name", "workgroup", "admin_password", "auto_logon", "auto_logon_count", "run_once_command_list", "time_zone", "full_name", "organization_name", "product_key"]), ] }

fn sources_vsphere_iso_config_machine() -> Vec<Tried> { vec![("vsphere::iso::Machine::new", vsphere::iso::Machine::new(vsphere::Connection::new("a", vsphere::Login::new("a", Secret::env("A"))), vsphere::Location::named("a")).fields(), &[]), ("vsphere::iso::Machine", vsphere::iso::Machine::new(vsphere::Connection::new("a", vsphere::Login::new("a", Secret::env("A"))), vsphere::Location::named("a")).iso(Iso::new("a", value::Checksum::none())).guest_os_type("a").vm_version(1_u32).hardware(vsphere::Hardware::new()).network_adapters([vsphere::NetworkAdapter::new("a")]).network_adapter(vsphere::NetworkAdapter::new("a")).usb_controller(["a"]).local_cache_overwrite(true).remote_cache_overwrite(true).remote_cache_cleanup(true).remote_cache_datastore("a").remote_cache_path("a").media(vsphere::Media::new()).waiting(vsphere::Waiting::new()).outcome(vsphere::Outcome::machine()).boot(Boot::keys(["a"])).http(Http::directory("a")).floppy(Floppy::new()).cd(Cd::new()).shutdown(Shutdown::command("a")).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["guest_os_type", "vm_version", "network_adapters", "usb_controller", "local_cache_overwrite", "remote_cache_overwrite", "remote_cache_cleanup", "remote_cache_datastore", "remote_cache_path", "communicator"]), ] }

fn sources_vsphere_iso_config_networkadapter() -> Vec<Tried> { vec![("vsphere::NetworkAdapter::new", vsphere::NetworkAdapter::new("a").fields(), &["network_card"]), ("vsphere::NetworkAdapter", vsphere::NetworkAdapter::new("a").network("a").mac_address("a").passthrough(true).fields(), &["network", "mac_address", "passthrough"]), ] }

fn sources_vsphere_machine_contentlibrary() -> Vec<Tried> { vec![("vsphere::ContentLibrary::new", vsphere::ContentLibrary::new("a").fields(), &["library"]), ("vsphere::ContentLibrary", vsphere::ContentLibrary::new("a").name("a").description("a").cluster("a").folder("a").host("a").resource_pool("a").datastore("a").destroy(true).ovf(true).skip_import(true).ovf_flags(["a"]).fields(), &["name", "description", "cluster", "folder", "host", "resource_pool", "datastore", "destroy", "ovf", "skip_import", "ovf_flags"]), ] }

fn sources_vsphere_machine_export() -> Vec<Tried> { vec![("vsphere::Export::to", vsphere::Export::to("a").fields(), &["output_directory"]), ("vsphere::Export::new", vsphere::Export::new().fields(), &[]), ("vsphere::Export", vsphere::Export::to("a").name("a").output_directory("a").output_format("a").force(true).image_files(true).manifest("a").directory_permission("a").options(["a"]).fields(), &["name", "output_directory", "output_format", "force", "image_files", "manifest", "directory_permission", "options"]), ] }

fn sources_vsphere_machine_hardware() -> Vec<Tried> { vec![] }

fn sources_vsphere_machine_location() -> Vec<Tried> { vec![] }

fn sources_vsphere_machine_media() -> Vec<Tried> { vec![] }

fn sources_vsphere_machine_outcome() -> Vec<Tried> { vec![] }

fn sources_vsphere_machine_pcidevice() -> Vec<Tried> { vec![("vsphere::PciDevice::new", vsphere::PciDevice::new().fields(), &[]), ("vsphere::PciDevice", vsphere::PciDevice::new().vendor_id("a").device_id("a").sub_vendor_id("a").sub_device_id("a").fields(), &["vendor_id", "device_id", "sub_vendor_id", "sub_device_id"]), ] }

fn sources_vsphere_machine_storage() -> Vec<Tried> { vec![("vsphere::Storage::of", vsphere::Storage::of(1_u32).fields(), &["disk_size"]), ("vsphere::Storage", vsphere::Storage::of(1_u32).disk_thin_provisioned(true).disk_eagerly_scrub(true).disk_controller_index(1_u32).fields(), &["disk_thin_provisioned", "disk_eagerly_scrub", "disk_controller_index"]), ] }

fn sources_vsphere_machine_waiting() -> Vec<Tried> { vec![] }

fn sources_vsphere_supervisor_config_machine() -> Vec<Tried> { vec![("vsphere::supervisor::Machine::new", vsphere::supervisor::Machine::new("a", "a").fields(), &["class_name", "storage_class"]), ("vsphere::supervisor::Machine", vsphere::supervisor::Machine::new("a", "a").image_name("a").guest_os_type("a").iso_boot_disk_size("a").source_name("a").supervisor_namespace("a").kubeconfig_path("a").bootstrap_provider("a").bootstrap_data_file("a").keep_input_artifact(true).watch_source_timeout_sec(1_u32).import_source_url("a").import_source_ssl_certificate("a").import_target_location_name("a").import_target_image_type("a").import_target_image_name("a").import_request_name("a").watch_import_timeout_sec(1_u32).keep_import_request(true).clean_imported_image(true).publish_location_name("a").publish_image_name("a").watch_publish_timeout_sec(1_u32).communicator("a").ssh(Ssh::user("a")).winrm(WinRm::user("a")).fields(), &["image_name", "guest_os_type", "iso_boot_disk_size", "source_name", "supervisor_namespace", "kubeconfig_path", "bootstrap_provider", "bootstrap_data_file", "keep_input_artifact", "watch_source_timeout_sec", "import_source_url", "import_source_ssl_certificate", "import_target_location_name", "import_target_image_type", "import_target_image_name", "import_request_name", "watch_import_timeout_sec", "keep_import_request", "clean_imported_image", "publish_location_name", "publish_image_name", "watch_publish_timeout_sec", "communicator"]), ] }
