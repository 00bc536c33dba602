//! Makes a disk of Debian for tests, benchmarks and examples: `debian-disk FILE.qcow2`. Needs root, `mmdebstrap`, `sfdisk`, `mke2fs`,
//! `grub-mkimage` with its modules for BIOS, and `qemu-img`; takes a minute or two, and nothing if the file is there.
//!
//! In it: the kernel for clouds, systemd, sshd (root, `packer`), cloud-init, which sleeps unless a seed is there: of two places to look in, since it
//! does not look where there is only one and none, and then works half of a machine's time to start. It has the modules that a seed of ours asks for
//! something; those for package managers and other tools would take a third of that time to find that nobody wants them. apt's lists are there,
//! without translations, so that packages can be installed at once.

use anyhow::{Context, Result};
use imagebake_tests::media::make_once;
use std::path::PathBuf;

/// No file system is mounted: the root becomes an ext4 by `mke2fs -d`, and GRUB lies before the first partition.
const SCRIPT: &str = r#"
set -eu
cd "$1"
mmdebstrap --quiet --variant=minbase --skip=cleanup/apt/lists --aptopt='Acquire::Languages "none"' --include=linux-image-cloud-amd64,openssh-server,systemd-sysv,systemd-resolved,udev,dbus,iproute2,cloud-init,ca-certificates bookworm root.tar
mkdir root
tar -xf root.tar -C root
rm root.tar
echo debian > root/etc/hostname
echo '/dev/vda1 / ext4 defaults,noatime 0 1' > root/etc/fstab
mkdir -p root/etc/systemd/network root/etc/ssh/sshd_config.d root/boot/grub
printf '[Match]\nName=e*\n[Network]\nDHCP=ipv4\n' > root/etc/systemd/network/10-all.network
printf 'PermitRootLogin yes\nPasswordAuthentication yes\nUseDNS no\n' > root/etc/ssh/sshd_config.d/tests.conf
printf 'network: {config: disabled}\n' > root/etc/cloud/cloud.cfg.d/network.cfg
printf 'datasource_list: [NoCloud, ConfigDrive]\n' > root/etc/cloud/cloud.cfg.d/90_dpkg.cfg
printf 'cloud_init_modules: [write-files, growpart, resizefs, set_hostname, update_hostname, users-groups, ssh]\ncloud_config_modules: [runcmd]\ncloud_final_modules: [scripts-user, final-message]\n' > root/etc/cloud/cloud.cfg.d/modules.cfg
ln -sf /run/systemd/resolve/stub-resolv.conf root/etc/resolv.conf
chroot root systemctl -q enable systemd-networkd systemd-resolved ssh
chroot root systemctl -q mask systemd-networkd-wait-online systemd-timesyncd
chroot root systemctl -q disable apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_reap fstrim.timer || true
echo root:packer | chroot root chpasswd
kernel=$(cd root/boot; echo vmlinuz-*)
initrd=$(cd root/boot; echo initrd.img-*)
cat > root/boot/grub/grub.cfg <<END
set timeout=0
menuentry debian { linux /boot/$kernel root=/dev/vda1 ro quiet console=tty0 console=ttyS0 net.ifnames=0; initrd /boot/$initrd; }
END
truncate -s 1600M part.raw
mke2fs -q -t ext4 -L root -d root part.raw
rm -rf root
truncate -s 1602M disk.raw
echo '2048,,83,*' | sfdisk -q disk.raw
dd if=part.raw of=disk.raw bs=1M seek=1 conv=notrunc,sparse status=none
rm part.raw
grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o core.img biosdisk part_msdos ext2 linux normal configfile echo
dd if=/usr/lib/grub/i386-pc/boot.img of=disk.raw bs=1 count=440 conv=notrunc status=none
dd if=core.img of=disk.raw bs=512 seek=1 conv=notrunc status=none
qemu-img convert -q -O qcow2 disk.raw disk.qcow2
"#;

fn main() -> Result<()> {
    let to = std::env::args_os().nth(1).map(PathBuf::from);
    make_once(
        &to.context("say where it goes: debian-disk FILE.qcow2")?,
        SCRIPT,
        "disk.qcow2",
    )
}
