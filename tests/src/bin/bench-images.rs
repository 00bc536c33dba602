//! The images that `cargo xtask bench` builds.

use imagebake::{
    groups::{Iso, Shutdown},
    io::DigestKind,
    prelude::*,
    sources::oci::{Compression, Oci},
    value,
};
use std::{process::ExitCode, time::Duration};

/// One null source, as in the peer's template.
#[image(name = "null-1")]
fn null_1() -> Image {
    Image::new().source(Null::none())
}

/// A hundred builds side by side, one local step each.
#[image(name = "null-100")]
fn null_100() -> Image {
    let sources = (0..100).map(|i| Null::none().named(format!("n{i}")));
    sources
        .fold(Image::new(), Image::source)
        .provision(ShellLocal::inline(["echo hello"]))
}

/// An image for which fifty files are read.
#[image(name = "files-50")]
async fn files_50(data: &Data) -> Result<Image> {
    let mut image = Image::new().source(Null::none());
    for i in 0..50 {
        let text = data.file(format!("../target/bench/data/files/{i}.txt")).await?;
        image = image.provision(ShellLocal::inline(["cat"]).env("TEXT", text));
    }
    Ok(image)
}

/// A gigabyte of guest output with a secret registered.
#[image]
fn events() -> Image {
    let line = "the quick brown fox jumps over the lazy dog 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFG";
    let print = ShellLocal::inline([format!("yes '{line}' | head -c 1000000000")])
        .env("TOKEN", Secret::literal("correct-horse-battery-staple"));
    Image::new().source(Null::none()).provision(print)
}

/// A 1 GiB file, compressed and hashed.
#[image]
fn compress() -> Image {
    let input = || Artifice::from_files(["image.raw"]);
    let hashed = Chain::of(input()).then(Checksum::of(DigestKind::Sha256).output("image.sha256"));
    let packed = Chain::of(input()).then(Compress::to("image.gz").keep_input_artifact(true));
    Image::new().source(Null::none().chain(packed).chain(hashed))
}

/// The base of `oci-ten-steps`, stored and nothing else.
#[image(name = "debian-base")]
fn debian_base() -> Image {
    Image::new().source(debian())
}

/// Ten shell steps, a layer each, not compressed.
#[image(name = "oci-ten-steps")]
fn oci_ten_steps() -> Image {
    let source = debian().layer_compression(Compression::None).layout("ten-steps");
    (0..10).fold(Image::new().source(source), |image, i| {
        image.provision(Shell::inline([format!("echo {i} > /step-{i}")]))
    })
}

/// Ten shell steps in a container of a Docker engine, committed.
#[image(name = "docker-ten-steps")]
fn docker_ten_steps() -> Image {
    let source = docker::Container::from_image("imagebake-bench/debian:12");
    (0..10).fold(Image::new().source(source), |image, i| {
        image.provision(Shell::inline([format!("echo {i} > /step-{i}")]))
    })
}

/// A shell step and a file, then everything that is done with a small image.
#[image(name = "docker-chain")]
fn docker_chain() -> Image {
    let chain = Chain::of(DockerTag::new("imagebake-bench/chain").tag("1"))
        .then(DockerSave::to("chain.tar"))
        .then(Compress::to("chain.tar.gz"))
        .then(Checksum::of(DigestKind::Sha256).output("chain.sha256"))
        .then(Manifest::to("manifest.json"));
    Image::new()
        .source(docker::Container::from_image("imagebake-bench/busybox:1").chain(chain))
        .provision(Shell::inline(["echo hello > /hello"]))
        .provision(File::upload("../target/bench/data/hello.txt", "/hello.txt"))
}

/// Ten thousand small files and one of a gigabyte.
#[image(name = "docker-upload")]
fn docker_upload() -> Image {
    Image::new()
        .source(docker::Container::from_image("imagebake-bench/busybox:1").discard(true))
        .provision(File::upload("../target/bench/data/small/", "/small"))
        .provision(File::upload("../target/bench/data/image.raw", "/large"))
}

/// The server that `cargo xtask bench` started, as its environment says.
fn over_ssh() -> Null {
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let machine = Ssh::user("root")
        .host("127.0.0.1")
        .port(told("BENCH_SSH_PORT").parse().unwrap_or(22))
        .private_key_file(told("BENCH_SSH_KEY"))
        .host_key(told("BENCH_SSH_HOST_KEY"));
    Null::ssh(machine)
}

fn to(name: &str) -> String {
    format!("{}/{name}", std::env::var("BENCH_SSH_TO").unwrap_or_default())
}

/// A file of a gigabyte.
#[image(name = "ssh-upload")]
fn ssh_upload() -> Image {
    Image::new()
        .source(over_ssh())
        .provision(File::upload("../target/bench/data/image.raw", to("image.raw")))
}

/// Ten thousand small files.
#[image(name = "ssh-small-files")]
fn ssh_small_files() -> Image {
    Image::new()
        .source(over_ssh())
        .provision(File::upload("../target/bench/data/small/", to("")))
}

/// A hundred commands, each waited for.
#[derive(Clone, Debug, Config)]
struct Commands {
    at: Places,
}

impl Component for Commands {
    const KIND: &'static str = "commands";
}

impl Provisioner for Commands {
    async fn provision(&self, _: &Cx, guest: &Remote) -> Result<()> {
        for number in 0..100 {
            guest.sh(&format!("echo {number}")).await?;
        }
        Ok(())
    }
}

/// A hundred commands on one connection.
#[image(name = "ssh-100-commands")]
fn ssh_100_commands() -> Image {
    Image::new().source(over_ssh()).provision(Commands::defaults())
}

/// A machine that is installed from a medium: the same work as the peer's template.
#[image(name = "qemu-iso")]
fn qemu_iso() -> Image {
    let boot = Boot::when_serial("idle")
        .then("c")
        .wait_for_serial("grub>")
        .then("linux /vmlinuz console=tty0 console=ttyS0 cfg=http://{{ http_ip }}:{{ http_port }}/cfg.sh<enter>")
        .wait_for_serial("grub>")
        .then("initrd /initrd.gz<enter>")
        .wait_for_serial("grub>")
        .then("boot<enter>");
    let machine = qemu::Machine::from_iso(Iso::new("../target/bench/data/install.iso", value::Checksum::none()))
        .accelerator("tcg")
        .headless(true)
        .disk_size("64M")
        .disk_cache("unsafe")
        .memory(256)
        .output_directory("out")
        .vm_name("o.qcow2")
        .http(Http::directory("../target/bench/data/iso-http"))
        .boot(boot)
        .ssh(Ssh::user("root").password(Secret::literal("packer").named("password")))
        .shutdown(Shutdown::command("sync; poweroff -f"));
    Image::new()
        .source(machine)
        .provision(Shell::inline(["cat /root/marker", "uname -r"]))
}

/// The root file system that `cargo xtask bench` makes once beside the folder that a run works in.
fn debian() -> Oci {
    Oci::from_rootfs("../target/bench/data/debian.tar")
}

macro_rules! many_inputs {
    ($($name:ident)+) => {
        /// As many inputs as the largest templates of others have variables.
        #[derive(Variables)]
        struct Many {
            $(
                /// One of many.
                #[var(default = "text", matches = "^[a-z0-9-]+$")]
                $name: String,
            )+
        }

        impl Many {
            fn environment(self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

many_inputs! {
    v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 v10 v11 v12 v13 v14 v15
    v16 v17 v18 v19 v20 v21 v22 v23 v24 v25 v26 v27 v28 v29 v30 v31
    v32 v33 v34 v35 v36 v37 v38 v39 v40 v41 v42 v43 v44 v45 v46 v47
    v48 v49 v50 v51 v52 v53 v54 v55 v56 v57 v58 v59 v60 v61 v62 v63
    v64 v65 v66 v67 v68 v69 v70 v71 v72 v73 v74 v75 v76 v77 v78 v79
    v80 v81 v82 v83 v84 v85 v86 v87 v88 v89 v90 v91 v92 v93 v94 v95
    v96 v97 v98 v99 v100 v101 v102 v103 v104 v105 v106 v107 v108 v109 v110 v111
    v112 v113 v114 v115 v116 v117 v118 v119 v120 v121 v122 v123 v124 v125 v126 v127
    v128 v129 v130 v131 v132 v133 v134 v135 v136 v137 v138 v139 v140 v141 v142 v143
    v144 v145 v146 v147 v148 v149 v150 v151 v152 v153 v154 v155 v156 v157 v158 v159
    v160 v161 v162 v163 v164 v165 v166 v167 v168 v169 v170 v171 v172 v173 v174 v175
    v176 v177 v178 v179 v180 v181 v182 v183 v184 v185 v186 v187 v188 v189 v190 v191
    v192 v193 v194 v195 v196 v197 v198 v199
}

fn with_inputs(vars: Many) -> Image {
    let step = ShellLocal::inline(["env"]);
    let step = vars
        .environment()
        .into_iter()
        .fold(step, |step, (name, value)| step.env(name, value));
    Image::new().source(Null::none()).provision(step)
}

/// Two hundred variables.
#[image(name = "inputs-200")]
fn inputs_200(vars: Many) -> Image {
    with_inputs(vars)
}

/// Two hundred variables, and fifty files that are read while planning.
#[image(name = "inputs-200-files-50")]
async fn inputs_200_files_50(vars: Many, data: &Data) -> Result<Image> {
    let mut image = with_inputs(vars);
    for i in 0..50 {
        let text = data.file(format!("../target/bench/data/files/{i}.txt")).await?;
        image = image.provision(ShellLocal::inline(["true"]).env("TEXT", text));
    }
    Ok(image)
}

/// A disk of Debian with a command and a file, as in the peer's template.
#[image(name = "qemu-disk")]
fn qemu_disk() -> Image {
    let disk = std::env::var("BENCH_QEMU_DISK").unwrap_or_else(|_| "debian.qcow2".to_owned());
    let machine = qemu::Machine::from_disk(Iso::new(disk, value::Checksum::none()))
        .accelerator("tcg")
        .headless(true)
        .memory(1024)
        .cpus(2)
        .output_directory("out")
        .vm_name("web")
        .shutdown(Shutdown::command("poweroff"))
        .ssh(
            Ssh::user("root")
                .password(Secret::literal("packer"))
                .timeout(Duration::from_secs(600)),
        );
    Image::new()
        .source(machine)
        .provision(Shell::inline(["uname -a"]))
        .provision(File::upload(
            "../target/bench/data/qemu-disk.json",
            "/root/template.json",
        ))
        .post(Checksum::of(DigestKind::Sha256).output("web.sha256"))
}

fn main() -> ExitCode {
    let many = (0..1000).fold(imagebake::App::new(), |app, i| {
        app.image(format!("many-{i}"), || {
            let sources = (0..5).map(|i| Null::local().named(format!("s{i}")));
            let image = sources.fold(Image::new(), Image::source);
            (0..10).fold(image, |image, i| {
                image.provision(Shell::inline([format!("echo {i}")]).env("A", "b"))
            })
        })
    });
    many.run()
}
