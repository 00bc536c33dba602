//! Hashes, identifiers and decryption.

use super::{Failure, Function, Kind, Outcome, bad, failed, function, p, text, whole};
use base64::{Engine, engine::general_purpose::STANDARD};
use bigdecimal::num_bigint::BigUint;
use md5::Digest;
use sha1::Sha1;
use std::fmt::Write;

pub(super) const TABLE: &[Function] = &[
    function("md5", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(hex(&md5::Md5::digest(text(a, 0))).into())
    }),
    function("sha1", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(hex(&Sha1::digest(text(a, 0))).into())
    }),
    function("sha256", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(hex(&sha2::Sha256::digest(text(a, 0))).into())
    }),
    function("sha512", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(hex(&sha2::Sha512::digest(text(a, 0))).into())
    }),
    function("bcrypt", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        let cost = if a.len() > 1 { whole(a, 1)? } else { 10 };
        let cost = u32::try_from(cost).map_err(|_| bad(1, "a cost from 4 to 31 is required"))?;
        let mut salt = [0_u8; 16];
        random(&mut salt)?;
        let hashed = bcrypt::hash_with_salt(text(a, 0), cost, salt).map_err(|error| failed(error.to_string()))?;
        // As the peer's library marks it.
        Ok(hashed.format_for_version(bcrypt::Version::TwoA).into())
    })
    .rest(p("cost", Kind::Number)),
    function("uuidv4", &[], Kind::Text, |_, _| uuid_v4().map(Into::into)),
    function(
        "uuidv5",
        &[p("namespace", Kind::Text), p("name", Kind::Text)],
        Kind::Text,
        |_, a| {
            let namespace = namespace(text(a, 0))?;
            let mut hash = Sha1::new();
            hash.update(namespace);
            hash.update(text(a, 1));
            let digest = hash.finalize();
            let mut bytes = [0_u8; 16];
            bytes.copy_from_slice(&digest[..16]);
            Ok(uuid(bytes, 5).into())
        },
    ),
    function(
        "rsadecrypt",
        &[p("ciphertext", Kind::Text), p("privatekey", Kind::Text)],
        Kind::Text,
        |_, a| decrypt(text(a, 0), text(a, 1)),
    ),
];

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn random(bytes: &mut [u8]) -> Result<(), Failure> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
            .map_err(|error| failed(format!("there are no random numbers: {error}")))?;
    }
    Ok(())
}

pub(super) fn uuid_v4() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    random(&mut bytes)?;
    Ok(uuid(bytes, 4))
}

fn uuid(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// A UUID, or one of the four names that have one.
fn namespace(text: &str) -> Result<Vec<u8>, Failure> {
    let text = match text {
        "dns" => "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "url" => "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "oid" => "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
        "x500" => "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
        other => other,
    };
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| *c != '-')
        .filter_map(|c| c.to_digit(16))
        .collect();
    if text.len() != 36 || digits.len() != 32 {
        return Err(bad(0, "a UUID, or dns, url, oid or x500 is required"));
    }
    Ok(digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or(0))
        .collect())
}

/// RSA with the padding of PKCS #1 v1.5, with a private key of PKCS #1 in PEM.
fn decrypt(ciphertext: &str, key: &str) -> Outcome {
    let sealed = STANDARD
        .decode(ciphertext.trim())
        .map_err(|_| bad(0, "text in base64 is required"))?;
    let body: String = key
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let der = STANDARD
        .decode(body)
        .map_err(|_| bad(1, "a private key in PEM is required"))?;
    let numbers = integers(&der)
        .filter(|numbers| numbers.len() >= 4)
        .ok_or_else(|| bad(1, "a private RSA key in PEM (PKCS #1) is required"))?;
    let (modulus, exponent) = (BigUint::from_bytes_be(&numbers[1]), BigUint::from_bytes_be(&numbers[3]));
    let length = modulus.bits().div_ceil(8);
    let sealed = BigUint::from_bytes_be(&sealed);
    if sealed >= modulus || modulus.bits() < 512 {
        return Err(bad(0, "this was not encrypted for that key"));
    }
    let mut opened = sealed.modpow(&exponent, &modulus).to_bytes_be();
    while (opened.len() as u64) < length {
        opened.insert(0, 0);
    }
    let padded = opened
        .starts_with(&[0, 2])
        .then(|| opened[2..].iter().position(|byte| *byte == 0))
        .flatten();
    let start = padded
        .filter(|at| *at >= 8)
        .ok_or_else(|| bad(0, "this was not encrypted for that key"))?
        + 3;
    String::from_utf8(opened[start..].to_vec())
        .map(Into::into)
        .map_err(|_| failed("what was encrypted is not text"))
}

/// The integers of the outermost sequence of DER.
fn integers(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (tag, mut rest, _) = element(der)?;
    let mut numbers = Vec::new();
    while tag == 0x30 && !rest.is_empty() {
        let (tag, content, after) = element(rest)?;
        if tag == 0x02 {
            numbers.push(content.to_vec());
        }
        rest = after;
    }
    Some(numbers)
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        let bytes = rest.get(..count).filter(|_| count <= 4)?;
        length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = &rest[count..];
    }
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}
