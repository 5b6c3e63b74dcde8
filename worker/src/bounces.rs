//! Reports about mail that could not be delivered, out of a Maildir.
//!
//! A file in `new` is claimed by renaming it to `cur`, which only one of several workers can do, and marked as seen there
//! once what it says is stored. One that cannot be understood goes to `not-understood`, for a human. A claim whose worker
//! was lost is given back after the time of a lease; to take in a report twice is to take it in once.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use shared::{
    bounces::{self, Applied, LONGEST, Report},
    metrics::METRICS,
    store::{self, StoreError},
};
use tokio::{fs, io::AsyncReadExt as _};

use crate::{Worker, ticks::Wake};

#[cfg(test)]
mod tests;

/// Where they arrive.
const NEW: &str = "new";
/// Where they are from the claim on.
const CUR: &str = "cur";
/// Where those go that a human has to look at.
const NOT_UNDERSTOOD: &str = "not-understood";
/// What a claimed file's name ends with.
const CLAIMED: &str = ":2,";
/// The same of one that is done: seen, as mail programs say it.
const SEEN: &str = ":2,S";
/// How many are taken in at one time; the rest waits for the next tick.
const BATCH: usize = 500;

/// Why nothing more was taken in.
#[derive(Debug, thiserror::Error)]
pub enum BouncesError {
    /// The folder cannot be read or written.
    #[error("{} (mail.bounces_dir): {source}", path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database failed; what was in hand went back.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What becomes of a file.
enum Fate {
    Done,
    NotUnderstood,
    /// Once more, at another tick.
    Later,
}

impl Worker {
    /// Takes in what lies in `mail.bounces_dir`, and returns how many reports were understood.
    ///
    /// # Errors
    /// When the folder or the database fails. What is left lies there for the next tick.
    pub async fn take_bounces(&self) -> Result<usize, BouncesError> {
        let root = &self.config.mail.bounces_dir;
        if root.as_os_str().is_empty() {
            return Ok(0);
        }
        for folder in [NEW, CUR, NOT_UNDERSTOOD] {
            let path = root.join(folder);
            fs::create_dir_all(&path).await.map_err(at(&path))?;
        }
        self.give_back(root).await?;
        let mut understood = 0;
        for name in files(&root.join(NEW), |_| true).await? {
            if self.is_stopping() {
                break;
            }
            let Some(claimed) = self.claim(root, &name).await? else { continue };
            let taken = self.take_bounce(&claimed).await;
            let to = match &taken {
                Ok(Fate::Done) => root.join(CUR).join(with(&name, SEEN)),
                Ok(Fate::NotUnderstood) => root.join(NOT_UNDERSTOOD).join(&name),
                Ok(Fate::Later) | Err(_) => root.join(NEW).join(&name),
            };
            rename(&claimed, &to).await?;
            understood += usize::from(matches!(taken?, Fate::Done));
        }
        Ok(understood)
    }

    /// Claims a file: where it is now, or `None` when another worker was first.
    async fn claim(&self, root: &Path, name: &OsStr) -> Result<Option<PathBuf>, BouncesError> {
        let (from, to) = (root.join(NEW).join(name), root.join(CUR).join(with(name, CLAIMED)));
        // Since when it is claimed must be known as soon as it is.
        let now = SystemTime::from(self.clock.now());
        let touched = File::options().append(true).open(&from).and_then(|file| file.set_modified(now));
        match touched {
            Ok(()) => Ok(rename(&from, &to).await?.then_some(to)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BouncesError::Folder { path: from, source }),
        }
    }

    /// Gives back what was claimed so long ago that its worker is lost.
    async fn give_back(&self, root: &Path) -> Result<(), BouncesError> {
        let lost = SystemTime::from(self.clock.now() - self.lease());
        let cur = root.join(CUR);
        for name in files(&cur, |name| name.ends_with(CLAIMED)).await? {
            let path = cur.join(&name);
            let claimed_at = fs::metadata(&path).await.and_then(|found| found.modified());
            if claimed_at.is_ok_and(|at| at < lost) {
                rename(&path, &root.join(NEW).join(without_flags(&name))).await?;
                METRICS.rescued("bounce");
            }
        }
        Ok(())
    }

    async fn take_bounce(&self, path: &Path) -> Result<Fate, BouncesError> {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).await.map_err(at(path))?;
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        file.take(most).read_to_end(&mut bytes).await.map_err(at(path))?;
        let report = match Report::read(&bytes) {
            Ok(report) => report,
            Err(why) => {
                tracing::warn!(file = %path.display(), %why, "not a report; it is kept in not-understood");
                return Ok(Fate::NotUnderstood);
            }
        };
        let organization_id = match report.about {
            Some(id) => store::messages::every_organization_of(&self.store, id).await?,
            None => None,
        };
        let Some(organization_id) = organization_id else {
            tracing::info!(file = %path.display(), "a report came in about no mail of ours");
            return Ok(Fate::Done);
        };
        let tx = self.store.begin().await?;
        Ok(match bounces::apply(&tx, &self.clock, organization_id, &report).await? {
            Applied::Done(_) => {
                self.commit(tx).await?;
                Fate::Done
            }
            Applied::BeingSent => Fate::Later,
        })
    }

    /// Takes in reports at every tick.
    pub(crate) async fn bounces(&self, mut wake: Wake) {
        loop {
            if let Err(error) = self.take_bounces().await {
                METRICS.failed("bounces");
                tracing::error!(%error, "reports about mail were not taken in; trying again at the next tick");
            }
            if !wake.next(&self.shutdown).await {
                return;
            }
        }
    }
}

/// The names of plain files in a folder, oldest first as Maildir names them, without those that begin with a dot.
async fn files(folder: &Path, wanted: fn(&str) -> bool) -> Result<Vec<OsString>, BouncesError> {
    let mut entries = fs::read_dir(folder).await.map_err(at(folder))?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(at(folder))? {
        let name = entry.file_name();
        let shown = name.to_string_lossy();
        // A link could lead anywhere.
        let is_file = entry.file_type().await.is_ok_and(|kind| kind.is_file());
        if is_file && !shown.starts_with('.') && wanted(&shown) {
            names.push(name);
        }
    }
    names.sort();
    names.truncate(BATCH);
    Ok(names)
}

/// The name with these flags instead of any it has.
fn with(name: &OsStr, flags: &str) -> OsString {
    let mut name = without_flags(name);
    name.push(flags);
    name
}

fn without_flags(name: &OsStr) -> OsString {
    // One that is not UTF-8 has flags of ours only if we gave them to it, and is not given back.
    name.to_str().and_then(|name| name.rsplit_once(":2,")).map_or_else(|| name.to_owned(), |(name, _)| name.into())
}

/// False when it is not there any more: somebody else was first.
async fn rename(from: &Path, to: &Path) -> Result<bool, BouncesError> {
    match fs::rename(from, to).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(BouncesError::Folder { path: from.to_owned(), source }),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BouncesError {
    let path = path.to_owned();
    move |source| BouncesError::Folder { path, source }
}
