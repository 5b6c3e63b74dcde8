//! What can be said of a Dockerfile without building it.

use std::path::Path;

use super::values::is_unknown;

/// What the build reads; a package's manifest is refused when one of its targets is missing.
const NEEDED: [&str; 8] = ["Cargo.toml", "Cargo.lock", "api", "migrations", "shared", "src", "tests", "worker"];

/// Every source that is missing or kept from the build, every stage nobody defined, and what a good image has.
pub(super) fn problems(root: &Path, dockerfile: &str, dockerignore: &str, known_settings: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut arguments = Vec::new();
    let mut stages = Vec::new();
    let mut user = String::new();
    for line in lines(dockerfile) {
        let (instruction, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match instruction {
            "ARG" => arguments.extend(rest.split_once('=').map(|(name, _)| name.to_owned())),
            "FROM" => {
                for variable in rest.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
                    if !arguments.iter().any(|argument| argument == variable) {
                        problems.push(format!("{line}: {variable} has no default"));
                    }
                }
                stages.push(rest.split_once(" AS ").map_or_else(String::new, |(_, name)| name.to_owned()));
                user.clear();
            }
            "COPY" | "ADD" => problems.extend(copy(root, rest, dockerignore, &stages)),
            "USER" => rest.clone_into(&mut user),
            "ENV" => {
                for name in rest.split_whitespace().filter_map(|pair| pair.split_once('=')).map(|(name, _)| name) {
                    if is_unknown(name, known_settings) {
                        problems.push(format!("ENV {name}, which is no setting"));
                    }
                }
            }
            _ => {}
        }
    }
    if matches!(user.split(':').next(), None | Some("" | "0" | "root")) {
        problems.push("the image runs as root".to_owned());
    }
    if health_check(dockerfile).is_none() {
        problems.push("the image has no HEALTHCHECK in exec form".to_owned());
    }
    for needed in NEEDED {
        if is_ignored(needed, dockerignore) {
            problems.push(format!("{needed} is kept from the build by .dockerignore"));
        }
    }
    problems
}

/// The words of `HEALTHCHECK ... CMD ["...", "..."]`.
pub(super) fn health_check(dockerfile: &str) -> Option<Vec<String>> {
    let line = lines(dockerfile).into_iter().find(|line| line.starts_with("HEALTHCHECK "))?;
    let (_, command) = line.split_once("CMD ")?;
    serde_json::from_str(command).ok()
}

fn copy(root: &Path, rest: &str, dockerignore: &str, stages: &[String]) -> Vec<String> {
    let (flags, words): (Vec<&str>, Vec<&str>) = rest.split_whitespace().partition(|word| word.starts_with("--"));
    if let Some(stage) = flags.iter().find_map(|flag| flag.strip_prefix("--from=")) {
        // An image, rather than a stage, has a registry, a tag or both.
        let known = stage.contains(['/', ':']) || stages.iter().any(|name| name == stage);
        return if known { Vec::new() } else { vec![format!("COPY --from={stage}: no such stage")] };
    }
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    let mut problems = Vec::new();
    for source in sources {
        if !root.join(source).exists() {
            problems.push(format!("COPY {source}: does not exist"));
        }
        if is_ignored(source, dockerignore) {
            problems.push(format!("COPY {source}: is kept from the build by .dockerignore"));
        }
    }
    problems
}

/// Whether a pattern without folders in it leaves a top-level entry out.
fn is_ignored(entry: &str, dockerignore: &str) -> bool {
    dockerignore.lines().map(|line| line.trim().trim_end_matches('/')).any(|pattern| {
        pattern == entry
            || pattern == "*"
            || pattern.strip_prefix('*').is_some_and(|end| end.starts_with('.') && entry.ends_with(end))
    })
}

/// The instructions: comments and line breaks removed.
fn lines(dockerfile: &str) -> Vec<String> {
    let mut instructions = vec![String::new()];
    for line in dockerfile.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part.trim_end(), true));
        if let Some(instruction) = instructions.last_mut() {
            if !instruction.is_empty() {
                instruction.push(' ');
            }
            instruction.push_str(part);
        }
        if !goes_on {
            instructions.push(String::new());
        }
    }
    instructions.retain(|instruction| !instruction.is_empty());
    instructions
}
