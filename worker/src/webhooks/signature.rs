//! Signatures by Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The value of `webhook-signature`: one `v1,<base64>` for each secret, separated by spaces, so that a receiver may know
/// either while a secret is being changed. `timestamp` is in Unix seconds. `None` when a secret is none.
pub(super) fn sign(secrets: &[&str], id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let sign_with = |secret: &&str| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    let signatures: Option<Vec<String>> = secrets.iter().map(sign_with).collect();
    signatures.map(|signatures| signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let signature = sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn every_secret_signs_and_nonsense_signs_nothing() {
        let both = sign(&["whsec_AAAA", "whsec_BBBB"], "id", 1, b"{}").expect("two signatures");
        assert_eq!(both.split(' ').count(), 2);
        assert_eq!(sign(&["AAAA"], "id", 1, b"{}"), None);
        assert_eq!(sign(&["whsec_?"], "id", 1, b"{}"), None);
    }
}
