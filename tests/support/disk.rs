//! A disk so small that a test can fill it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::Duration,
};

use super::servers;

/// Mounts `$1` with `$2` megabytes, says so in a file, and takes it away again when standard input closes.
const SUPERVISOR: &str = r#"
trap '' INT
mount -t tmpfs -o "size=$2m,mode=1777" counterpart-test "$1" || exit 1
echo >"$1/mounted"
cat >/dev/null
umount -l "$1"
rmdir "$1"
"#;

/// A file system of its own, gone with this value or with the process.
pub(crate) struct SmallDisk {
    folder: PathBuf,
    supervisor: Child,
}

impl SmallDisk {
    /// Of so many megabytes; `None` where nothing may be mounted and the test is to be skipped.
    pub(crate) fn of(megabytes: usize) -> Option<Self> {
        let folder = servers::scratch("counterpart-disk-");
        let arguments = [&*folder.to_string_lossy(), &megabytes.to_string()];
        let mut supervisor = servers::supervisor(SUPERVISOR, &arguments, Path::new("/"), None).expect("a shell");
        while !folder.join("mounted").exists() {
            // No server is missing: containers are often not allowed this, on whatever machine they run.
            if supervisor.try_wait().expect("a supervisor").is_some() {
                servers::skipped("a full disk", "this process may not mount a file system: run the tests as root");
                fs::remove_dir(&folder).ok();
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
        Some(Self { folder, supervisor })
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves no byte of it free.
    pub(crate) fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file");
        let mut size = 1 << 20;
        while size > 0 {
            match ballast.write(&vec![0; size]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => size /= 2,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Gives back what [`SmallDisk::fill`] took.
    pub(crate) fn clear(&self) {
        fs::remove_file(self.ballast()).expect("a ballast");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        servers::end(&mut self.supervisor);
    }
}
