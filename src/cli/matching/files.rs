//! The files a run leaves: whole, or as they were before.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::cli::Failure;

/// A file that is to be written.
#[derive(Debug)]
pub(super) struct Target {
    shown: String,
    path: PathBuf,
    /// A pipe or a device is written as it is.
    special: bool,
}

/// A written file that does not have its name yet; dropped before, it disappears.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    target: &'a Target,
    path: Option<PathBuf>,
}

impl Target {
    /// Makes sure that a file can be written and that it is none of the others.
    pub(super) fn new(option: &str, path: &Path, others: &[(&str, &Path)]) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let failure = |why: String| Failure::new(format!("{option} {shown}: {why}"));
        let metadata = fs::metadata(path).ok();
        if metadata.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(failure("this is a folder: name a file in it".to_owned()));
        }
        let special = metadata.is_some_and(|metadata| !metadata.is_file());
        let real = real(path).map_err(|error| failure(format!("there is no such folder ({error}): make it first")))?;
        for &(other, other_path) in others {
            if !special && self::real(other_path).is_ok_and(|other_path| other_path == real) {
                return Err(failure(format!("this is also the file of {other}: name another one")));
            }
        }
        let target = Self { shown, path: real, special };
        if !special {
            // Rather now than after the work.
            target.draft(|_| Ok(()))?;
        }
        Ok(target)
    }

    /// The file as the caller named it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Writes everything beside the file.
    pub(super) fn draft(
        &self,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<Draft<'_>, Failure> {
        let mut draft = Draft { target: self, path: None };
        let written = (|| {
            let file = if self.special {
                OpenOptions::new().write(true).open(&self.path)?
            } else {
                let name = self.path.file_name().unwrap_or_default().to_string_lossy();
                let path = self.path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
                let file = File::create(&path)?;
                draft.path = Some(path);
                file
            };
            let mut writer = BufWriter::with_capacity(1 << 16, file);
            write(&mut writer)?;
            writer.flush()
        })();
        written.map(|()| draft).map_err(|error| self.unwritten(&error))
    }

    /// The file cannot be written.
    fn unwritten(&self, error: &io::Error) -> Failure {
        Failure::new(format!("{} cannot be written: {error}", self.shown))
    }
}

impl Draft<'_> {
    /// Gives the file its name.
    pub(super) fn publish(mut self) -> Result<(), Failure> {
        let Some(path) = self.path.as_ref() else { return Ok(()) };
        fs::rename(path, &self.target.path).map_err(|error| self.target.unwritten(&error))?;
        self.path = None;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            fs::remove_file(path).ok();
        }
    }
}

/// Where a file is or will be, whatever it is called.
fn real(path: &Path) -> io::Result<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(folder.canonicalize()?.join(name))
}
