//! The folder in which everything is kept.

use std::{
    fs::{DirBuilder, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::super::Failure;

/// An existing folder that this process has for itself as long as this value lives.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be, readable by nobody else: it will hold a signing key and people's data.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let unusable = |error: io::Error| {
            Failure::new(format!("the data folder {shown} cannot be used: {error}; choose another with --data-dir"))
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_path_buf(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::new(format!(
                "another counterpart is at work on {shown}; stop it, or choose another folder with --data-dir"
            ))),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// The folder as it was named.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_serves_one_process_at_a_time() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("a/b");
        let first = DataFolder::open(&path).unwrap();
        assert!(DataFolder::open(&path).is_err());
        drop(first);
        assert!(DataFolder::open(&path).is_ok());
        std::fs::write(temporary.path().join("file"), "").unwrap();
        assert!(DataFolder::open(&temporary.path().join("file")).is_err());
    }
}
