//! Questions, asked only where somebody can answer.

use inquire::{Confirm, InquireError, Password, PasswordDisplayMode, Select, Text};

use crate::{context::Context, exit::Exit, failure::Failure};

fn unanswered(error: InquireError) -> Failure {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Failure::new(Exit::Interrupted, "interrupted", "Nothing was done.")
        }
        error => Failure::usage(format!("The question could not be asked: {error}.")),
    }
}

fn must_ask(context: &Context, question: &str) -> Result<(), Failure> {
    if context.out.can_ask() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{question} is missing, and there is no terminal to ask at."
    )))
}

pub fn text(context: &Context, question: &str, default: Option<&str>) -> Result<String, Failure> {
    must_ask(context, question)?;
    let label = format!("{question}:");
    let mut prompt = Text::new(&label);
    if let Some(default) = default {
        prompt = prompt.with_default(default);
    }
    let answer = prompt.prompt().map_err(unanswered)?.trim().to_owned();
    if answer.is_empty() {
        return Err(Failure::usage(format!("{question} cannot be empty.")));
    }
    Ok(answer)
}

pub fn password(question: &str) -> Result<String, Failure> {
    Password::new(&format!("{question}:"))
        .without_confirmation()
        .with_display_mode(PasswordDisplayMode::Hidden)
        .prompt()
        .map_err(unanswered)
}

pub fn choice(context: &Context, question: &str, options: Vec<String>) -> Result<String, Failure> {
    must_ask(context, question)?;
    Select::new(&format!("{question}:"), options)
        .prompt()
        .map_err(unanswered)
}

pub fn yes(question: &str) -> Result<bool, Failure> {
    Confirm::new(question)
        .with_default(false)
        .prompt()
        .map_err(unanswered)
}
