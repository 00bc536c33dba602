//! One look-up on its way: who asks where, and which of the ways to an answer it takes.

use super::{Data, LookedUp, Lookup, LookupCx, Lookups, Origin, SENSITIVE};
use crate::{
    error::{Error, ErrorKind, Result},
    field::Place,
    plan::{Diagnostic, Diagnostics},
    redact::Redactor,
};
use serde_json::{Map, Value as Json};
use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

/// A question that is asked when it is awaited.
///
/// A look-up that fails is an error here and a problem of the plan, with this line, unless the image is described without its answer.
#[must_use = "a look-up asks nothing until `.await`"]
pub struct Ask<'d, L> {
    data: &'d Data,
    pub(super) question: L,
    place: Place,
    deadline: Option<Duration>,
    sensitive: bool,
    unpinned: bool,
}

impl<'d, L: Lookup> Ask<'d, L> {
    pub(super) fn new(data: &'d Data, question: L, place: Place) -> Self {
        Self {
            data,
            question,
            place,
            deadline: None,
            sensitive: false,
            unpinned: false,
        }
    }

    /// Gives up after this long; without it, after what is usual for its kind.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The answer is neither shown nor written to `imagebake.lock`. It is still an ordinary value that settings show: what must never be
    /// seen is a [`Secret`](crate::value::Secret).
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Asks in every run, whatever `imagebake.lock` has, and writes nothing there.
    pub fn unpinned(mut self) -> Self {
        self.unpinned = true;
        self
    }

    /// As it is named in the lock file and in messages: `registry debian:12`.
    fn name(&self) -> String {
        let mut name = format!("{} ", L::KIND);
        for character in self.question.question().chars() {
            // One line, whatever an implementation or a variable put into it.
            match character.is_control() {
                true => name.extend(character.escape_default()),
                false => name.push(character),
            }
        }
        name
    }

    async fn answer(self) -> Result<L::Answer> {
        match self.found().await {
            Ok(answer) => Ok(answer),
            Err(problems) => {
                let texts = problems.iter().map(|problem| problem.message.as_str());
                let error = Error::new(ErrorKind::Config, texts.collect::<Vec<_>>().join("; "));
                let hints = problems.iter().filter_map(|problem| problem.help.as_deref());
                let error = hints.flat_map(str::lines).fold(error, |error, hint| error.hint(hint));
                self.data.fail(problems);
                Err(error.at(self.place))
            }
        }
    }

    async fn found(&self) -> Result<L::Answer, Diagnostics> {
        let name = self.name();
        let run: &Lookups = &self.data.run;
        let cx = LookupCx {
            run,
            base: &self.data.base,
            folder: &self.data.folder,
        };
        if self.question.is_local() {
            let answer = self.within(&name, self.look_up(&cx)).await?;
            self.refuse_secrets(&name, &serde_json::to_value(&answer).unwrap_or_default())?;
            self.tell(&answer, Origin::Local);
            return Ok(answer);
        }
        let pinnable = !self.sensitive && !self.unpinned;
        if pinnable && let Some(pin) = run.pinned(&name)? {
            let mut answer = serde_json::from_value(Json::Object(pin.answer.clone())).map_err(|error| {
                Diagnostic::error(
                    "lock-stale",
                    format!("the answer to `{name}` in imagebake.lock is not one that this program knows: {error}"),
                )
                .help(format!("ask anew with `lock --update {}`", quoted(&name)))
                .at(self.place.clone())
                .at(pin.place.clone())
            })?;
            self.within(&name, self.complete(&mut answer, &cx)).await?;
            self.tell(&answer, Origin::Pinned);
            return Ok(answer);
        }
        if run.is_silent() {
            let answer = super::unknown::unknown()
                .map_err(|error| self.problem(&name, &Error::new(ErrorKind::Unsupported, error.to_string())))?;
            self.told(super::UNKNOWN.to_owned(), Origin::Unknown);
            return Ok(answer);
        }
        run.may_ask(&name, pinnable, &self.place)?;
        let found = run
            .once(&name, || async {
                let answer = self.within(&name, self.look_up(&cx)).await?;
                let found = as_table::<L>(&answer).map_err(|error| self.problem(&name, &error))?;
                self.refuse_secrets(&name, &Json::Object(found.clone()))?;
                Ok(found)
            })
            .await?;
        let mut answer = serde_json::from_value(Json::Object(found.clone()))
            .map_err(|error| self.problem(&name, &unreadable::<L>(error)))?;
        self.within(&name, self.complete(&mut answer, &cx)).await?;
        if pinnable {
            run.pin(&name, found);
        }
        self.tell(&answer, Origin::Asked);
        Ok(answer)
    }

    /// Asks, with the question's secrets at hand.
    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<L::Answer> {
        self.follow_secrets().await?;
        self.question.look_up(cx).await
    }

    /// Most pinned answers need nothing more, and then no secret either: whoever has no credentials can plan.
    async fn complete(&self, answer: &mut L::Answer, cx: &LookupCx<'_>) -> Result<()> {
        let completed = self.question.complete(answer, cx).await;
        if completed.is_ok() || self.question.secrets().iter().all(|secret| secret.is_at_hand()) {
            return completed;
        }
        self.follow_secrets().await?;
        self.question.complete(answer, cx).await
    }

    async fn follow_secrets(&self) -> Result<()> {
        for secret in self.question.secrets() {
            crate::engine::follow_secret(secret, &self.data.base).await?;
        }
        Ok(())
    }

    async fn within<T>(&self, name: &str, asking: impl Future<Output = Result<T>>) -> Result<T, Diagnostics> {
        let deadline = self.deadline.unwrap_or_else(|| self.question.deadline());
        match tokio::time::timeout(deadline, asking).await {
            Ok(done) => done.map_err(|error| self.problem(name, &error)),
            Err(_) => {
                let waited = humantime::format_duration(deadline);
                let message = format!("cannot look up `{name}`: no answer within {waited}");
                Err(Diagnostic::error("look-up", message)
                    .help("check the network and the service, or allow more time with `.deadline(…)`")
                    .at(self.place.clone())
                    .into())
            }
        }
    }

    fn problem(&self, name: &str, error: &Error) -> Diagnostics {
        let redactor = self.redactor();
        let message = format!("cannot look up `{name}`: {}", error.full());
        let mut problem = Diagnostic::error("look-up", redactor.redact_str(&message));
        if !error.hints().is_empty() {
            problem = problem.help(redactor.redact_str(&error.hints().join("\n")));
        }
        // A line of a template says more than the line that named the template.
        let places = error.place().cloned().into_iter().chain([self.place.clone()]);
        places.fold(problem, Diagnostic::at).into()
    }

    /// Knows the secrets of the question, as far as they could be resolved.
    fn redactor(&self) -> Redactor {
        let redactor = Redactor::new();
        for secret in self.question.secrets() {
            if let Ok(value) = secret.expose() {
                redactor.register(secret.name(), value);
            }
        }
        redactor
    }

    fn refuse_secrets(&self, name: &str, answer: &Json) -> Result<(), Diagnostics> {
        if self.sensitive || self.question.secrets().is_empty() {
            return Ok(());
        }
        let mut hidden = answer.clone();
        self.redactor().redact_json(&mut hidden);
        if hidden == *answer {
            return Ok(());
        }
        Err(Diagnostic::error(
            "look-up-secret",
            format!("the answer to `{name}` has a secret of the question in it, and would show it"),
        )
        .help("`.sensitive()` after the question keeps the answer out of the plan and of imagebake.lock")
        .at(self.place.clone())
        .into())
    }

    fn tell(&self, answer: &L::Answer, from: Origin) {
        let answer = match self.sensitive {
            true => SENSITIVE.to_owned(),
            false => self.question.shown(answer),
        };
        self.told(answer, from);
    }

    fn told(&self, answer: String, from: Origin) {
        let name = self.name();
        self.data.tell(LookedUp {
            image: self.data.image.clone(),
            kind: L::KIND,
            question: name.strip_prefix(L::KIND).unwrap_or(&name).trim_start().to_owned(),
            answer,
            from,
            place: self.place.clone(),
        });
    }
}

impl<'d, L: Lookup + 'd> IntoFuture for Ask<'d, L> {
    type Output = Result<L::Answer>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'd>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.answer())
    }
}

/// The answer as the lock file keeps it.
fn as_table<L: Lookup>(answer: &L::Answer) -> Result<Map<String, Json>> {
    match serde_json::to_value(answer) {
        Ok(Json::Object(mut table)) => {
            // TOML has no null: what is absent is left out.
            table.retain(|_, value| !value.is_null());
            Ok(table)
        }
        Ok(_) => Err(Error::new(
            ErrorKind::Internal,
            format!(
                "the answer of the look-up `{}` is not a struct with named fields",
                L::KIND
            ),
        )),
        Err(error) => Err(unreadable::<L>(error)),
    }
}

fn unreadable<L: Lookup>(error: serde_json::Error) -> Error {
    let message = format!(
        "the answer of the look-up `{}` cannot be written and read back",
        L::KIND
    );
    Error::new(ErrorKind::Internal, message).because(error)
}

/// A word for the command line.
pub(super) fn quoted(name: &str) -> String {
    crate::communicator::remote_quote(name)
}
