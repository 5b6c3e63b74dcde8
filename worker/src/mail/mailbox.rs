//! The local mailbox: a folder of `.eml` files, for trying the product without a relay.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::{fs, io::AsyncWriteExt};
use uuid::Uuid;

/// Delivers a message as `<dir>/new/<id>.eml` and returns the file's path.
///
/// The file appears whole or not at all. A message that is already there is left as it is, so delivering twice is
/// delivering once.
///
/// # Errors
///
/// When the folder or the file cannot be written.
pub async fn deliver(dir: &Path, id: Uuid, message: &[u8]) -> io::Result<PathBuf> {
    let folder = dir.join("new");
    fs::create_dir_all(&folder).await?;
    let path = folder.join(format!("{id}.eml"));
    if fs::try_exists(&path).await? {
        return Ok(path);
    }
    // Another process may be delivering the same message; the name keeps the two from sharing a half-written file.
    let draft = folder.join(format!(".{id}.{}.tmp", std::process::id()));
    let mut file = fs::File::create(&draft).await?;
    file.write_all(message).await?;
    // Reports what the last write ran into, which syncing alone does not.
    file.flush().await?;
    file.sync_all().await?;
    drop(file);
    fs::rename(&draft, &path).await?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_is_delivered_whole_and_once() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().join("not/there/yet");
        let id = Uuid::from_u128(7);

        let path = deliver(&dir, id, b"first").await.expect("delivered");
        let again = deliver(&dir, id, b"second").await.expect("delivered");

        assert_eq!(path, again);
        assert_eq!(path, dir.join("new").join(format!("{id}.eml")));
        assert_eq!(std::fs::read(&path).expect("readable"), b"first");
        assert_eq!(std::fs::read_dir(dir.join("new")).expect("listable").count(), 1);
    }

    #[tokio::test]
    async fn a_draft_left_by_a_crash_does_not_stand_in_the_way() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let id = Uuid::from_u128(8);
        let folder = dir.path().join("new");
        std::fs::create_dir(&folder).expect("created");
        std::fs::write(folder.join(format!(".{id}.{}.tmp", std::process::id())), b"hal").expect("written");

        let path = deliver(dir.path(), id, b"whole").await.expect("delivered");

        assert_eq!(std::fs::read(path).expect("readable"), b"whole");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_an_error() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("file");
        std::fs::write(&file, b"").expect("written");

        assert!(deliver(&file, Uuid::nil(), b"x").await.is_err());
    }
}
