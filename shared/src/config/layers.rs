//! Puts the layers on top of each other and remembers where each value came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::config::{Config as Values, File, FileFormat, Source, Value, ValueKind};

use super::error::{ConfigError, Problem};
use super::{Config, checks};

const PREFIX: &str = "COUNTERPART_";

/// What the process is going to do, and so which settings it cannot do without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Serves the API.
    Api,
    /// Plans nights and sends mail.
    Worker,
    /// One command against the database, such as a migration.
    Tool,
    /// API and worker in one process.
    #[default]
    All,
}

/// The layers that make up a [`Config`], put together step by step.
///
/// From the bottom up: documented defaults, the embedded mode's values, a file, the environment.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    role: Role,
    embedded: Option<(PathBuf, u16)>,
    file: Option<PathBuf>,
    env: Vec<(String, String)>,
}

impl Layers {
    /// Only the documented defaults, for a process that is everything at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks only for the settings that `role` needs; all others are still checked when they are set.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Development mode: the database, the mailbox, the keys and the address file are put under `data_dir`, as
    /// `counterpart.db`, `mailbox`, `keys` and `address`, on 127.0.0.1 and `port` (0: any free one), with the
    /// explorer on.
    #[must_use]
    pub fn embedded(mut self, data_dir: &Path, port: u16) -> Self {
        self.embedded = Some((data_dir.to_path_buf(), port));
        self
    }

    /// Adds a TOML file; with `None` nothing changes.
    #[must_use]
    pub fn file(mut self, file: Option<&Path>) -> Self {
        self.file = file.map(Path::to_path_buf);
        self
    }

    /// Adds environment variables, usually `std::env::vars()`. Only those named `COUNTERPART_…` are looked at.
    #[must_use]
    pub fn env(mut self, env: impl Iterator<Item = (String, String)>) -> Self {
        self.env = env.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        self
    }

    /// Puts the layers together and checks the outcome.
    ///
    /// # Errors
    ///
    /// [`ConfigError::File`] when the file cannot be read; [`ConfigError::Settings`] with every setting that is
    /// unknown, unusable or missing.
    pub fn load(self) -> Result<Config, ConfigError> {
        let mut stack = Stack::of_defaults()?;
        if let Some((data_dir, port)) = &self.embedded {
            stack.embed(data_dir, *port)?;
        }
        if let Some(file) = &self.file {
            stack.add_file(file)?;
        }
        for (name, text) in &self.env {
            stack.add_variable(name, text);
        }
        stack.find_at_port();
        stack.check_ranges();
        stack.refuse_problems()?;

        let mut config = stack.deserialize()?;
        config.dev = self.embedded.is_some();
        config.http.public_url.truncate(config.http.public_url.trim_end_matches('/').len());
        for (field, message) in checks::check(&config, self.role) {
            stack.problem(field, message);
        }
        stack.refuse_problems()?;
        Ok(config)
    }
}

/// The name of the environment variable for a `section.field`.
fn variable(field: &str) -> String {
    format!("{PREFIX}{}", field.replace('.', "__").to_uppercase())
}

fn without_prefix(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// See [`Config::known_settings`].
pub(super) fn known_settings() -> Vec<String> {
    // The embedded defaults always parse: a test reads them.
    Stack::of_defaults().map(|stack| stack.values.keys().map(|field| variable(field)).collect()).unwrap_or_default()
}

const DEFAULTS: &str = "the defaults";
const EMBEDDED: &str = "the development mode";

/// Every setting with the topmost value so far and where that came from, and what went wrong on the way.
struct Stack {
    values: BTreeMap<String, (ValueKind, String)>,
    problems: Vec<Problem>,
}

impl Stack {
    fn of_defaults() -> Result<Self, ConfigError> {
        let values = fields(File::from_str(Config::defaults_toml(), FileFormat::Toml), Path::new("default.toml"))?;
        Ok(Self {
            values: values.into_iter().map(|(field, value)| (field, (value, DEFAULTS.to_owned()))).collect(),
            problems: Vec::new(),
        })
    }

    fn embed(&mut self, data_dir: &Path, port: u16) -> Result<(), ConfigError> {
        let Some(dir) = data_dir.to_str() else {
            return Err(ConfigError::File {
                path: data_dir.to_path_buf(),
                reason: "the name of the data folder is not UTF-8".to_owned(),
            });
        };
        // The database driver takes a percent-encoded path and cuts it at `?`.
        let database = dir.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        for (field, value) in [
            ("database.url", format!("sqlite://{database}/counterpart.db?mode=rwc").into()),
            ("http.host", "127.0.0.1".into()),
            ("http.port", i64::from(port).into()),
            ("http.public_url", "".into()),
            ("http.address_file", format!("{dir}/address").into()),
            ("http.explorer", true.into()),
            // What the dev command prints is not to drown in what an operator would want to read.
            ("log.level", "warn".into()),
            ("mail.transport", "mailbox".into()),
            ("mail.mailbox_dir", format!("{dir}/mailbox").into()),
            ("mail.from_address", "counterpart@localhost".into()),
            ("auth.keys_dir", format!("{dir}/keys").into()),
            // Whoever tries the product has the other end on the same machine.
            ("outbound.allowed_networks", "127.0.0.0/8, ::1/128".into()),
        ] {
            self.put(field, value, EMBEDDED);
        }
        Ok(())
    }

    /// The development mode is found at its port, whichever layer chose that. Port 0 is known only when it is open.
    fn find_at_port(&mut self) {
        let Some((ValueKind::I64(port @ 1..), _)) = self.values.get("http.port") else { return };
        let address = format!("http://localhost:{port}");
        if self.values.get("http.public_url").is_some_and(|(_, origin)| origin == EMBEDDED) {
            self.put("http.public_url", address.into(), EMBEDDED);
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let origin = path.display().to_string();
        for (field, value) in fields(File::from(path).format(FileFormat::Toml), path)? {
            match self.values.get(&field) {
                None => self.unknown(&field, &origin),
                Some((known, _)) if std::mem::discriminant(known) == std::mem::discriminant(&value) => {
                    self.put(&field, value, &origin);
                }
                Some((known, _)) => {
                    let message = format!("expected {}", expected(known));
                    self.problems.push(Problem { field, origin: origin.clone(), message });
                }
            }
        }
        Ok(())
    }

    fn add_variable(&mut self, name: &str, text: &str) {
        let field = without_prefix(name).to_lowercase().replacen("__", ".", 1);
        let Some((known, _)) = self.values.get(&field).filter(|_| variable(&field) == name) else {
            if self.looks_like_a_setting(name) {
                self.unknown(&field, name);
            }
            return;
        };
        let value = if matches!(known, ValueKind::Boolean(_)) {
            text.parse().ok().map(ValueKind::Boolean)
        } else if matches!(known, ValueKind::I64(_)) {
            text.parse().ok().map(ValueKind::I64)
        } else {
            Some(ValueKind::String(text.to_owned()))
        };
        match value {
            Some(value) => self.put(&field, value, name),
            None => self.problems.push(Problem {
                message: format!("`{text}` is not {}", expected(known)),
                field,
                origin: name.to_owned(),
            }),
        }
    }

    /// Whether somebody meant a setting: a name with `__`, or one that begins like a section. Others, such as
    /// `COUNTERPART_TEST_REDIS`, belong to tools around the service and are left alone.
    fn looks_like_a_setting(&self, name: &str) -> bool {
        let rest = without_prefix(name).to_lowercase();
        let first = rest.split('_').next().unwrap_or_default();
        rest.contains("__")
            || self.values.keys().any(|field| field.split_once('.').is_some_and(|(section, _)| section == first))
    }

    /// An unknown setting is answered with the nearest thing to a suggestion that cannot mislead: what its section
    /// has.
    fn unknown(&mut self, field: &str, origin: &str) {
        let section = field.split(['.', '_']).next().unwrap_or_default();
        let siblings: Vec<String> = self
            .values
            .keys()
            .filter(|known| known.split('.').next() == Some(section))
            .map(|known| if origin.starts_with(PREFIX) { variable(known) } else { known.clone() })
            .collect();
        let message = if siblings.is_empty() {
            let mut sections: Vec<&str> = self.values.keys().filter_map(|known| known.split('.').next()).collect();
            sections.dedup();
            format!("there is no such setting; the sections are {}", sections.join(", "))
        } else {
            format!("there is no such setting; there are {}", siblings.join(", "))
        };
        self.problems.push(Problem { field: field.to_owned(), origin: origin.to_owned(), message });
    }

    fn put(&mut self, field: &str, value: ValueKind, origin: &str) {
        self.values.insert(field.to_owned(), (value, origin.to_owned()));
    }

    fn problem(&mut self, field: &str, message: String) {
        let origin = self.values.get(field).map_or_else(|| DEFAULTS.to_owned(), |(_, origin)| origin.clone());
        self.problems.push(Problem { field: field.to_owned(), origin, message });
    }

    fn check_ranges(&mut self) {
        for (field, range) in checks::ranges() {
            let Some((ValueKind::I64(number), _)) = self.values.get(field) else { continue };
            if !range.contains(number) {
                let message = format!("{number} is not between {} and {}", range.start(), range.end());
                self.problem(field, message);
            }
        }
    }

    fn refuse_problems(&mut self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError::Settings(std::mem::take(&mut self.problems))) }
    }

    fn deserialize(&mut self) -> Result<Config, ConfigError> {
        let mut builder = Values::builder();
        for (field, (value, origin)) in &self.values {
            let value = Value::new(Some(origin), value.clone());
            builder = builder.set_override(field, value).map_err(|error| unreadable(Path::new(origin), &error))?;
        }
        builder.build().and_then(Values::try_deserialize).map_err(|error| {
            let (field, message) = describe(error);
            self.problem(&field, message);
            ConfigError::Settings(std::mem::take(&mut self.problems))
        })
    }
}

/// The settings of one source as `section.field`; whatever stands outside a section keeps its own name.
fn fields(
    source: impl Source + Send + Sync + 'static,
    path: &Path,
) -> Result<BTreeMap<String, ValueKind>, ConfigError> {
    let values = Values::builder().add_source(source).build().and_then(|values| values.cache.into_table());
    let mut fields = BTreeMap::new();
    for (section, value) in values.map_err(|error| unreadable(path, &error))?.into_iter().collect::<BTreeMap<_, _>>() {
        if let ValueKind::Table(table) = value.kind {
            fields.extend(table.into_iter().map(|(field, value)| (format!("{section}.{field}"), value.kind)));
        } else {
            fields.insert(section, value.kind);
        }
    }
    Ok(fields)
}

fn unreadable(path: &Path, error: &::config::ConfigError) -> ConfigError {
    // The parser quotes the offending line behind a `|`, and that line may be the one with the password.
    let reason = error.to_string();
    let lines: Vec<&str> = reason.lines().filter(|line| !line.contains('|') && !line.starts_with(" in ")).collect();
    ConfigError::File { path: path.to_path_buf(), reason: lines.join(": ") }
}

fn expected(known: &ValueKind) -> &'static str {
    if matches!(known, ValueKind::Boolean(_)) {
        "true or false"
    } else if matches!(known, ValueKind::I64(_)) {
        "a whole number"
    } else {
        "text in quotes"
    }
}

/// The field a value could not be read for, and why. Passwords and URLs are plain text, which always can be.
fn describe(error: ::config::ConfigError) -> (String, String) {
    if let ::config::ConfigError::At { error, key, .. } = error {
        (key.unwrap_or_default(), error.to_string())
    } else {
        (String::new(), error.to_string())
    }
}
