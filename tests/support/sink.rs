//! Postfix's smtp-sink: a relay that is not ours, which keeps every message it took in a file.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::Child,
    thread,
    time::Duration,
};

use mail_parser::MessageParser;
use tempfile::TempDir;

use super::servers;

/// Runs `$1` on the address `$2` until standard input closes.
const SUPERVISOR: &str = r#"
trap '' INT
program=$1 address=$2
shift 2
"$program" -d taken/mail. "$@" "$address" 1000 2>>log &
sink=$!
cat >/dev/null
kill "$sink"
wait "$sink"
"#;

/// A sink; what it took stays until this value goes.
pub(crate) struct Sink {
    program: PathBuf,
    address: SocketAddr,
    folder: TempDir,
    supervisor: Option<Child>,
}

/// A message that it took.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The envelope's sender.
    pub(crate) from: String,
    /// The envelope's recipient.
    pub(crate) to: String,
}

impl Sink {
    /// `None` where Postfix's programs are not installed and the test is to be skipped.
    pub(crate) fn start() -> Option<Self> {
        // Debian keeps it where only administrators look.
        let Some(program) = servers::on_path("smtp-sink")
            .or_else(|| Some(PathBuf::from("/usr/sbin/smtp-sink")).filter(|file| file.is_file()))
        else {
            servers::missing("smtp-sink", "it is not installed", "install Postfix; it need not run");
            return None;
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, servers::free_port()));
        let folder = tempfile::tempdir().expect("a folder");
        let mut sink = Self { program, address, folder, supervisor: None };
        sink.come_back(&[]);
        Some(sink)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, whatever it is doing.
    pub(crate) fn go_away(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            servers::end(&mut supervisor);
        }
    }

    /// Starts it again, with options of its own.
    pub(crate) fn come_back(&mut self, options: &[&str]) {
        self.go_away();
        let (program, address) = (self.program.to_string_lossy(), self.address.to_string());
        let arguments: Vec<&str> = [&*program, &*address].into_iter().chain(options.iter().copied()).collect();
        let user = servers::User::instead_of_root();
        let started = servers::supervisor(SUPERVISOR, &arguments, self.folder.path(), user.as_ref());
        self.supervisor = Some(started.expect("a shell"));
        let mut tries = 0;
        while TcpStream::connect(self.address).is_err() {
            tries += 1;
            assert!(
                tries < 3000,
                "smtp-sink does not answer: {:?}",
                fs::read_to_string(self.folder.path().join("log"))
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The copies that it took, by the message's id.
    pub(crate) fn taken(&self) -> BTreeMap<String, Vec<Taken>> {
        let mut taken: BTreeMap<String, Vec<Taken>> = BTreeMap::new();
        let Ok(files) = fs::read_dir(self.folder.path().join("taken")) else { return taken };
        for file in files {
            let raw = fs::read(file.expect("a file").path()).expect("a message");
            let message = MessageParser::new().parse(&raw).expect("a message");
            let told = |name: &str| {
                let text = message.header_raw(name).unwrap_or_default();
                text.trim().trim_start_matches('<').split('>').next().unwrap_or_default().to_owned()
            };
            let id = message.message_id().expect("a Message-ID").to_owned();
            taken.entry(id).or_default().push(Taken { from: told("X-Mail-Args"), to: told("X-Rcpt-Args") });
        }
        taken
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.go_away();
    }
}
