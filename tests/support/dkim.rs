//! A receiver's check of DKIM signatures (RFC 6376, section 6), written apart from what signs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    digest::{SHA256, digest},
    signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};

/// The selectors whose signatures hold, from the top. Every signature must; `records` are lines as `counterpart dkim`
/// prints them.
pub(crate) fn verified(raw: &[u8], records: &str) -> Vec<String> {
    let all = check(raw, records);
    all.into_iter().map(|(selector, holds)| holds.then_some(selector).expect("a signature that holds")).collect()
}

/// Each signature's selector and whether it holds, from the top.
pub(crate) fn check(raw: &[u8], records: &str) -> Vec<(String, bool)> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").expect("the end of the header");
    let header = std::str::from_utf8(&raw[..end + 2]).expect("ASCII").to_owned();
    let body = &raw[end + 4..];
    // A field begins at a line's first letter.
    let mut fields: Vec<String> = Vec::new();
    for line in header.split_inclusive("\r\n") {
        match fields.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let signatures = fields.iter().filter(|field| name(field) == "dkim-signature");
    signatures.map(|field| (tag(field, "s"), holds(field, &fields, body, records))).collect()
}

fn holds(signature: &str, fields: &[String], body: &[u8], records: &str) -> bool {
    assert_eq!((tag(signature, "v").as_str(), tag(signature, "c").as_str()), ("1", "relaxed/relaxed"));
    let hash = digest(&SHA256, &relaxed_body(body));
    if STANDARD.encode(hash) != tag(signature, "bh") {
        return false;
    }
    let mut left: Vec<&String> = fields.iter().collect();
    let mut data = String::new();
    for wanted in tag(signature, "h").split(':') {
        if let Some(found) = left.iter().rposition(|field| name(field) == wanted.to_lowercase()) {
            data += &relaxed(left.remove(found));
            data += "\r\n";
        }
    }
    let (before, value) = signature.rsplit_once("b=").expect("b= as the last tag");
    data += relaxed(&format!("{before}b=")).as_str();
    let value: String = value.split_whitespace().collect();
    let value = STANDARD.decode(value).expect("base64");
    let record = format!("{}._domainkey.{}. IN TXT", tag(signature, "s"), tag(signature, "d"));
    let line = records.lines().find(|line| line.starts_with(&record)).unwrap_or_else(|| panic!("no {record}"));
    let text: String = line.split('"').skip(1).step_by(2).collect();
    let public = STANDARD.decode(tag(&format!("x:{text}"), "p")).expect("base64");
    match tag(signature, "a").as_str() {
        // The key proper begins behind what names its kind.
        "rsa-sha256" => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public[24..]).verify(data.as_bytes(), &value).is_ok()
        }
        "ed25519-sha256" => {
            UnparsedPublicKey::new(&ED25519, &public).verify(digest(&SHA256, data.as_bytes()).as_ref(), &value).is_ok()
        }
        other => panic!("{other}"),
    }
}

fn name(field: &str) -> String {
    field.split(':').next().unwrap_or_default().trim().to_lowercase()
}

/// A tag's value without any spaces.
fn tag(field: &str, wanted: &str) -> String {
    let (_, list) = field.split_once(':').expect("a field");
    let tags = list.split(';').filter_map(|tag| tag.split_once('='));
    let found = tags.filter(|(name, _)| name.trim() == wanted).map(|(_, value)| value);
    found.flat_map(str::split_whitespace).collect()
}

fn relaxed(field: &str) -> String {
    let (_, value) = field.split_once(':').expect("a field");
    let mut value = value.replace("\r\n", "").replace('\t', " ");
    while value.contains("  ") {
        value = value.replace("  ", " ");
    }
    format!("{}:{}", name(field), value.trim())
}

fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut text = String::from_utf8(body.to_vec()).expect("ASCII").replace('\t', " ");
    while text.contains("  ") {
        text = text.replace("  ", " ");
    }
    text = text.replace(" \r\n", "\r\n");
    while text.ends_with("\r\n\r\n") {
        text.truncate(text.len() - 2);
    }
    if text == "\r\n" {
        text.clear();
    }
    text.into_bytes()
}
