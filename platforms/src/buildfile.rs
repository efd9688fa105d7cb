//! Reads a Buildfile: commands that make an application out of its source, in the order written.

/// Why a Buildfile cannot be used. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildfileError {
    #[error("line {line} of the Buildfile is not of the form 'name: command': {text:?}")]
    BadLine { line: usize, text: String },
    #[error("the Buildfile has no command: add a line such as 'make: ./build.sh', or remove the file")]
    Empty,
}

/// The commands of a Buildfile. Beanstalk's form of a line, as in a Procfile; names may come again.
pub fn commands(text: &str) -> Result<Vec<String>, BuildfileError> {
    let mut commands = Vec::new();
    for (index, raw) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let trimmed = raw.trim_end();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let fits = |name: &str, command: &str| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            !name.is_empty() && name.bytes().all(is_name) && !command.is_empty()
        };
        match trimmed
            .split_once(':')
            .map(|(name, command)| (name, command.trim()))
        {
            Some((name, command)) if fits(name, command) => commands.push(command.to_owned()),
            _ => {
                return Err(BuildfileError::BadLine {
                    line: index + 1,
                    text: trimmed.chars().take(80).collect(),
                });
            }
        }
    }
    if commands.is_empty() {
        return Err(BuildfileError::Empty);
    }
    Ok(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_in_the_order_written() {
        let text = "# first\r\nfetch: ./get.sh a:b\r\n\r\nmake: mvn -q package\n";
        assert_eq!(commands(text).unwrap(), ["./get.sh a:b", "mvn -q package"]);
        for bad in ["make", "make:", "a b: c", "", "# nothing"] {
            assert!(commands(bad).is_err(), "{bad:?}");
        }
    }
}
