//! Round trips of every format, and what must never be left behind.

use std::fs;
use std::io::{Read as _, Seek as _, Write as _};

use proptest::prelude::*;

use super::*;
use crate::io::{BLOCK, Cancel, digest_bytes};

fn threads(n: usize) -> Options {
    Options::new().threads(NonZeroUsize::new(n).unwrap())
}

/// Text, zeros, noise and repetition, so that every path of the encoders is taken.
fn mixture(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let run = 1 + next() as usize % (3 * BLOCK / 2);
        match next() % 4 {
            0 => bytes.extend(std::iter::repeat_n(0, run)),
            1 => bytes.extend((0..run).map(|_| next() as u8)),
            2 => bytes.extend((0..run).map(|_| b"etaoin shrdlu\n"[next() as usize % 14])),
            _ => bytes.extend((0..run).map(|i| (i / 7) as u8)),
        }
    }
    bytes.truncate(len);
    bytes
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    decompress(path).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn singles() -> Vec<Codec> {
    [Codec::Gzip, Codec::Zstd, Codec::Xz, Codec::Lz4, Codec::Bzip2]
        .into_iter()
        .filter(|codec| Format::Single(*codec).check_compiled().is_ok())
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn pack(bytes: &[u8], format: Format, options: Options) -> (tempfile::TempDir, FileRef) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("disk.raw");
    fs::write(&input, bytes).unwrap();
    let output = folder.path().join(format!("out{}", format.extension()));
    let written = compress(
        &mut [FileRef::open(&input).unwrap()],
        &output,
        &options,
        &Control::new(),
    )
    .unwrap();
    (folder, written)
}

#[test]
fn every_codec_gives_back_what_it_was_given_whatever_the_threads() {
    for codec in singles() {
        for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 7 * BLOCK + 12_345] {
            let bytes = mixture(len);
            let (_a, one) = pack(&bytes, Format::Single(codec), threads(1));
            assert!(read(one.path()) == bytes, "{codec:?} of {len} bytes");
            assert_eq!(decompress(one.path()).unwrap().codec(), Some(codec));
            let (_b, three) = pack(&bytes, Format::Single(codec), threads(3));
            assert!(
                fs::read(one.path()).unwrap() == fs::read(three.path()).unwrap(),
                "{codec:?} of {len} bytes"
            );
        }
    }
}

#[test]
fn every_level_of_gzip_is_one_member_and_a_higher_one_is_smaller() {
    let bytes = mixture(5 * BLOCK);
    let mut sizes = Vec::new();
    for level in 1..=9 {
        let (_folder, written) = pack(&bytes, Format::Single(Codec::Gzip), threads(2).level(level));
        let file = fs::read(written.path()).unwrap();
        let mut decoder = flate2::bufread::GzDecoder::new(&file[..]);
        let mut first = Vec::new();
        decoder.read_to_end(&mut first).unwrap();
        assert!(first == bytes, "level {level}");
        assert!(
            decoder.into_inner().is_empty(),
            "level {level} wrote something behind the first member"
        );
        sizes.push(written.size());
    }
    assert!(sizes[8] < sizes[0], "{sizes:?}");
    let (_folder, by_gain) = pack(&bytes, Format::Single(Codec::Gzip), threads(2));
    assert!(
        (sizes[2]..=sizes[0]).contains(&by_gain.size()),
        "{} is not within {sizes:?}",
        by_gain.size()
    );
}

#[test]
fn zeros_and_noise_cost_what_they_must() {
    let (_folder, zeros) = pack(&vec![0; 64 * BLOCK], Format::Single(Codec::Gzip), threads(2));
    assert!(zeros.size() < 100_000, "{}", zeros.size());
    let mut noise = vec![0; 4 * BLOCK];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let (_folder, written) = pack(&noise, Format::Single(Codec::Gzip), threads(2));
    assert!(written.size() < noise.len() as u64 + 400, "{}", written.size());
    // Noise that repeats within the window looks random by its bytes alone.
    let repeated: Vec<u8> = noise[..16 << 10].iter().copied().cycle().take(2 * BLOCK).collect();
    let (_folder, written) = pack(&repeated, Format::Single(Codec::Gzip), threads(2));
    assert!(written.size() < BLOCK as u64 / 4, "{}", written.size());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn gzip_round_trips(
        parts in prop::collection::vec((0usize..3 * BLOCK / 2, any::<u8>(), 1u64..256), 0..4),
        level in 1u32..=9,
        cores in 1usize..5,
    ) {
        let mut state = 1u64;
        let mut bytes = Vec::new();
        for (len, base, values) in parts {
            for _ in 0..len {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bytes.push(base.wrapping_add((state >> 33) as u8 % values as u8));
            }
        }
        let (_folder, written) = pack(&bytes, Format::Single(Codec::Gzip), threads(cores).level(level));
        prop_assert!(read(written.path()) == bytes);
    }
}

#[test]
fn one_pass_gives_the_digests_of_input_and_output() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = mixture(3 * BLOCK + 1);
    let (input, output) = (folder.path().join("disk.raw"), folder.path().join("disk.raw.gz"));
    fs::write(&input, &bytes).unwrap();
    let mut inputs = [FileRef::open(&input).unwrap()];
    let options = Options::new()
        .input_digests([DigestKind::Md5, DigestKind::Sha256])
        .output_digests([DigestKind::Sha256, DigestKind::Blake3]);
    let written = compress(&mut inputs, &output, &options, &Control::new()).unwrap();
    assert_eq!(
        *inputs[0].digests(),
        digest_bytes(&bytes, [DigestKind::Md5, DigestKind::Sha256])
    );
    let file = fs::read(&output).unwrap();
    assert_eq!(
        *written.digests(),
        digest_bytes(&file, [DigestKind::Sha256, DigestKind::Blake3])
    );
    assert_eq!(written.size(), file.len() as u64);
}

#[test]
fn a_sparse_file_is_compressed_without_its_holes_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("disk.raw"), folder.path().join("disk.raw.gz"));
    let mut file = fs::File::create(&input).unwrap();
    file.write_all(b"boot").unwrap();
    file.seek(std::io::SeekFrom::Start(100 << 20)).unwrap();
    file.write_all(b"data").unwrap();
    file.set_len(200 << 20).unwrap();
    let wanted = [DigestKind::Blake3];
    let mut inputs = [FileRef::open(&input).unwrap()];
    compress(
        &mut inputs,
        &output,
        &Options::new().input_digests(wanted),
        &Control::new(),
    )
    .unwrap();
    let bytes = read(&output);
    assert_eq!(bytes.len(), 200 << 20);
    assert_eq!(*inputs[0].digests(), digest_bytes(&bytes, wanted));
    assert_eq!(&bytes[100 << 20..][..5], b"data\0");
}

/// Names and contents.
type Named = Vec<(String, Vec<u8>)>;

fn tree() -> (tempfile::TempDir, Vec<FileRef>, Named) {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/{}.bin", "d".repeat(120), "f".repeat(130));
    let mut expected = Vec::new();
    let mut inputs = Vec::new();
    for (name, len) in [
        ("a.raw", BLOCK + 700),
        ("sub/empty", 0),
        ("sub/exact", 1024),
        (long.as_str(), 3),
    ] {
        let path = folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let bytes = mixture(len);
        fs::write(&path, &bytes).unwrap();
        inputs.push(FileRef::open(&path).unwrap());
        expected.push((name.to_owned(), bytes));
    }
    (folder, inputs, expected)
}

#[test]
fn every_tar_holds_every_file_and_does_not_depend_on_threads_or_time() {
    for codec in std::iter::once(None).chain(singles().into_iter().map(Some)) {
        let (folder, mut inputs, expected) = tree();
        let extension = Format::Tar(codec).extension();
        let (one, two) = (
            folder.path().join(format!("1{extension}")),
            folder.path().join(format!("2{extension}")),
        );
        compress(&mut inputs, &one, &threads(1), &Control::new()).unwrap();
        for input in &inputs {
            fs::File::options()
                .write(true)
                .open(input.path())
                .unwrap()
                .set_modified(std::time::UNIX_EPOCH)
                .unwrap();
        }
        compress(&mut inputs, &two, &threads(4), &Control::new()).unwrap();
        assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap(), "{extension}");
        let mut archive = tar::Archive::new(decompress(&one).unwrap());
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 0);
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.push((entry.path().unwrap().to_str().unwrap().to_owned(), bytes));
        }
        assert!(found == expected, "{extension}");
    }
}

#[cfg(feature = "zip")]
#[test]
fn a_zip_holds_every_file_and_is_the_same_every_time() {
    let (folder, mut inputs, expected) = tree();
    let (one, two) = (folder.path().join("1.zip"), folder.path().join("2.zip"));
    compress(&mut inputs, &one, &Options::new(), &Control::new()).unwrap();
    compress(&mut inputs, &two, &Options::new(), &Control::new()).unwrap();
    assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap());
    let mut archive = ::zip::ZipArchive::new(fs::File::open(&one).unwrap()).unwrap();
    assert_eq!(archive.len(), expected.len());
    for (name, bytes) in expected {
        let mut found = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == bytes, "{name}");
    }
}

#[test]
fn a_cancelled_run_leaves_the_old_output_and_nothing_else() {
    for format in singles()
        .into_iter()
        .map(Format::Single)
        .chain([Format::Tar(Some(Codec::Gzip))])
    {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("disk.raw");
        fs::write(&input, mixture(12 * BLOCK)).unwrap();
        let output = folder.path().join(format!("out{}", format.extension()));
        fs::write(&output, b"old").unwrap();
        let cancel = Cancel::default();
        let control = Control::new().with_cancel(cancel.clone()).on_progress(move |progress| {
            if progress.done >= 5 * BLOCK as u64 {
                cancel.cancel();
            }
        });
        let error = compress(
            &mut [FileRef::open(&input).unwrap()],
            &output,
            &Options::new(),
            &control,
        )
        .unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error}");
        assert_eq!(fs::read(&output).unwrap(), b"old");
        assert_eq!(names(folder.path()).len(), 2, "{:?}", names(folder.path()));
    }
}

#[tokio::test]
async fn dropping_the_future_stops_the_work_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("disk.raw");
    fs::File::create(&input).unwrap().set_len(1 << 40).unwrap();
    let output = folder.path().join("out.gz");
    let started = std::sync::Arc::new(tokio::sync::Notify::new());
    let control = Control::new().on_progress({
        let started = started.clone();
        move |_| started.notify_one()
    });
    let work = compress_async(vec![FileRef::open(&input).unwrap()], output, Options::new(), control);
    tokio::select! {
        done = work => panic!("a TiB was compressed in no time: {done:?}"),
        () = started.notified() => {}
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while names(folder.path()) != ["disk.raw"] {
        assert!(std::time::Instant::now() < deadline, "{:?}", names(folder.path()));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[test]
fn an_input_that_changes_is_an_error_and_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("disk.raw"), folder.path().join("out.gz"));
    fs::write(&input, mixture(8 * BLOCK)).unwrap();
    let control = Control::new().on_progress({
        let input = input.clone();
        move |_| {
            fs::File::options()
                .write(true)
                .open(&input)
                .unwrap()
                .set_len(BLOCK as u64)
                .unwrap()
        }
    });
    let error = compress(
        &mut [FileRef::open(&input).unwrap()],
        &output,
        &Options::new(),
        &control,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    assert_eq!(names(folder.path()), ["disk.raw"]);
}

/// A tiny file system in memory, in a mount namespace of its own; `None` where that is not allowed.
fn tiny_disk() -> Option<tempfile::TempDir> {
    use rustix::mount::{MountFlags, MountPropagationFlags};
    use rustix::thread::UnshareFlags;
    let folder = tempfile::tempdir().unwrap();
    // SAFETY: this thread alone leaves the mount namespace, and no file descriptor table is unshared.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }.ok()?;
    rustix::mount::mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).ok()?;
    rustix::mount::mount("tmpfs", folder.path(), "tmpfs", MountFlags::empty(), Some(c"size=512k")).ok()?;
    Some(folder)
}

#[test]
fn a_full_disk_is_named_and_nothing_is_left() {
    // A thread of its own: it leaves the mount namespace of the others. The compressing threads come from it.
    std::thread::spawn(|| {
        let Some(disk) = tiny_disk() else {
            assert!(
                std::env::var_os("IMAGEBAKE_REQUIRE").is_none(),
                "a mount namespace is required"
            );
            return;
        };
        let inputs = tempfile::tempdir().unwrap();
        let input = inputs.path().join("disk.raw");
        let mut noise = vec![0; 4 * BLOCK];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        fs::write(&input, noise).unwrap();
        let archives = [Format::Tar(None), Format::Zip]
            .into_iter()
            .filter(|format| format.check_compiled().is_ok());
        for format in singles().into_iter().map(Format::Single).chain(archives) {
            let output = disk.path().join(format!("out{}", format.extension()));
            let mut input = [FileRef::open(&input).unwrap()];
            let error = compress(&mut input, &output, &Options::new(), &Control::new())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("out.") && error.contains("free space"),
                "{format}: {error}"
            );
            assert!(names(disk.path()).is_empty(), "{format}: {:?}", names(disk.path()));
        }
    })
    .join()
    .unwrap();
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    fs::write(&a, b"a").unwrap();
    fs::write(&b, b"b").unwrap();
    let refused = |inputs: &[&Path], output: &str, options: &Options| {
        let mut inputs: Vec<FileRef> = inputs.iter().map(|path| FileRef::open(*path).unwrap()).collect();
        let error = compress(&mut inputs, &folder.path().join(output), options, &Control::new()).unwrap_err();
        assert_eq!(names(folder.path()), ["a", "b"]);
        error.to_string()
    };
    assert!(refused(&[&a, &b], "out.gz", &Options::new()).contains("exactly one file and 2 were given"));
    assert!(refused(&[&a], "out.gzip", &Options::new()).contains(".tar.gz"));
    assert!(refused(&[&a], "out.gz", &Options::new().level(0)).contains("from 1 to 9"));
    assert!(refused(&[&a], "no/out.gz", &Options::new()).contains("check the path"));
    assert!(refused(&[&a, &a], "out.tar", &Options::new()).contains("both be \"a\""));
    let onto_itself = Options::new().format(Format::Single(Codec::Gzip));
    assert!(refused(&[&a], "a", &onto_itself).contains("both input and output"));
}

#[test]
fn truncated_and_damaged_files_are_errors_for_every_decoder() {
    for codec in singles() {
        let (folder, written) = pack(&mixture(2 * BLOCK), Format::Single(codec), threads(2));
        let bytes = fs::read(written.path()).unwrap();
        let cut = folder.path().join("cut");
        fs::write(&cut, &bytes[..bytes.len() - 5]).unwrap();
        let read = decompress(&cut).unwrap().read_to_end(&mut Vec::new());
        assert!(read.is_err(), "{codec:?} read a cut file as {read:?}");
    }
}
