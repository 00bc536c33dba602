//! Makes an installation medium for tests, benchmarks and examples: `install-iso FILE.iso`. Needs `apt-get`, `dpkg-deb`, `busybox`, `dropbear`, `cpio`,
//! `openssl`, `grub-mkrescue` with its modules for BIOS, and `xorriso`; takes some seconds, and nothing if the file is there.
//!
//! GRUB waits for ever, on the screen and on the serial console. Only a line typed at its prompt, `linux /vmlinuz … cfg=http://HOST:PORT/cfg.sh`, makes
//! the small system on it do something: it asks for an address, fetches that script, runs it, and starts an SSH server (root, `packer`).

use anyhow::{Context, Result};
use imagebake_tests::media::make_once;
use std::path::PathBuf;

const SCRIPT: &str = r#"
set -eu
cd "$1"
package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)$/\1/p' | head -n 1)
mkdir deb kernel
(cd deb; apt-get -qq download "${package:?no kernel is known: run apt-get update}" 2>apt.log || { cat apt.log >&2; exit 1; })
dpkg-deb -x deb/*.deb kernel
i=$PWD/initrd
mkdir -p "$i/bin" "$i/sbin" "$i/dev" "$i/proc" "$i/sys" "$i/etc/dropbear" "$i/root" "$i/tmp" "$i/mod" "$i/mnt" "$i/var/run" "$i/usr/lib/openssh" "$i/usr/libexec"
cp "$(command -v busybox)" "$i/bin/busybox"
for a in $("$i/bin/busybox" --list); do [ "$a" = busybox ] || ln -sf busybox "$i/bin/$a"; done
modules='virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net virtio_blk'
for m in $modules; do find kernel/lib/modules -name "$m.ko" -exec cp {} "$i/mod/" \;; done
cp "$(command -v dropbear)" "$i/sbin/"
cp /usr/lib/openssh/sftp-server "$i/usr/lib/openssh/" 2>/dev/null && ln -s ../lib/openssh/sftp-server "$i/usr/libexec/sftp-server" && ln -s openssh/sftp-server "$i/usr/lib/sftp-server" || true
for b in "$i/sbin/dropbear" "$i"/usr/lib/openssh/sftp-server; do
  [ -e "$b" ] || continue
  ldd "$b" | grep -o '/[^ ]*' | while read -r l; do [ -e "$i$l" ] || { mkdir -p "$i$(dirname "$l")"; cp -L "$l" "$i$l"; }; done
done
cp -L /lib/x86_64-linux-gnu/libnss_files.so.2 "$i/lib/x86_64-linux-gnu/" 2>/dev/null || true
printf 'passwd: files\ngroup: files\nshadow: files\n' > "$i/etc/nsswitch.conf"
echo "root:$(openssl passwd -6 packer):0:0:root:/root:/bin/sh" > "$i/etc/passwd"
echo root:x:0: > "$i/etc/group"
echo /bin/sh > "$i/etc/shells"
cat > "$i/bin/dhcp" <<'END'
#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev $interface; ip addr add $ip/${mask:-24} dev $interface; ip route add default via $router
END
cat > "$i/init" <<END
#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mkdir -p /dev/pts; mount -t devpts pts /dev/pts
# Twice: which of them needs which differs from kernel to kernel.
for m in $modules $modules; do [ -e /mod/\$m.ko ] && insmod /mod/\$m.ko 2>/dev/null; done
cfg=; for p in \$(cat /proc/cmdline); do case \$p in cfg=*) cfg=\${p#cfg=};; esac; done
echo "installer: command line: \$(cat /proc/cmdline)"
if [ -z "\$cfg" ]; then echo "installer: no cfg=, idle"; while :; do sleep 60; done; fi
ip link set lo up; ip link set eth0 up
udhcpc -i eth0 -s /bin/dhcp -q -n -t 10 -T 1
n=0; until wget -q -O /tmp/cfg.sh \$cfg; do n=\$((n+1)); [ \$n -gt 10 ] && break; sleep 1; done
export cfg; sh -x /tmp/cfg.sh
echo "installer: the script has ended"
dropbear -R -F -E -p 22 &
while :; do wait; sleep 1; done
END
chmod +x "$i/bin/dhcp" "$i/init"
mkdir -p iso/boot/grub
(cd "$i"; find . | cpio -o -H newc --quiet | gzip -1) > iso/initrd.gz
cp kernel/boot/vmlinuz-* iso/vmlinuz
cat > iso/boot/grub/grub.cfg <<'END'
serial --unit=0 --speed=115200
terminal_output console serial
set timeout=-1
menuentry "idle" { linux /vmlinuz console=ttyS0; initrd /initrd.gz; }
END
grub-mkrescue -o out.iso iso -- -volid INSTALL >grub.log 2>&1 || { cat grub.log >&2; exit 1; }
"#;

fn main() -> Result<()> {
    let to = std::env::args_os().nth(1).map(PathBuf::from);
    make_once(
        &to.context("say where it goes: install-iso FILE.iso")?,
        SCRIPT,
        "out.iso",
    )
}
