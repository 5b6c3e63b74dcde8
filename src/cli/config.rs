//! `counterpart config`

use shared::config::Config;

use super::output;

/// Prints the documented defaults.
pub(super) fn run() {
    output::text(Config::defaults_toml());
}
