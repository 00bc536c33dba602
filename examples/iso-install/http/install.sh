# What an installer does, in small: a file system on the disk, and files in it.
set -e
mke2fs -F /dev/vda
mount -t ext2 /dev/vda /mnt
mkdir /mnt/etc
echo 'installed by nobody' > /mnt/etc/motd
