//! How `shell-local` runs: the same as a step and as a post-processor.

use super::config::{Parts, ShellLocal};
use crate::{
    artifact::Artifact,
    communicator::{Command, Exit, Local, Remote},
    engine::Cx,
    error::{CommandFailure, Context, Error, ErrorKind, Result},
    post_processor::PostProcessor,
    provisioner::Provisioner,
    provisioners::script::{InlineScript, assignments},
    value::{Template, Vars},
};
use std::{os::unix::fs::PermissionsExt, path::Path, sync::Arc};
use zeroize::Zeroizing;

impl Provisioner for ShellLocal {
    const NEEDS_GUEST: bool = false;

    async fn provision(&self, cx: &Cx, _: &Remote) -> Result<()> {
        run(cx, &self.parts()).await
    }
}

impl<A: Artifact> PostProcessor<A> for ShellLocal {
    type Output = A;

    async fn process(&self, cx: &Cx, input: A) -> Result<A> {
        run(cx, &self.parts()).await?;
        Ok(input)
    }
}

async fn run(cx: &Cx, parts: &Parts<'_>) -> Result<()> {
    let here = match std::env::consts::OS {
        "macos" => ["macos", "darwin"],
        other => [other, other],
    };
    if !parts.only_on.is_empty()
        && !parts
            .only_on
            .iter()
            .any(|system| here.contains(&system.to_string().as_str()))
    {
        cx.say(format!("nothing to run on {}", here[0]));
        return Ok(());
    }
    let builder = Remote::new(Arc::new(Local), cx.clone());
    let mut env = cx.script_env();
    for (name, value) in &parts.env {
        env.push((name.clone(), cx.render(value)?.to_string()));
    }
    if !parts.inline.is_empty() {
        inline(cx, parts, &builder, &env).await?;
    }
    for script in &parts.scripts {
        let path = cx.input_path(script);
        let interpreter = match tokio::fs::metadata(&path)
            .await
            .path("read the script", &path)?
            .permissions()
            .mode()
            & 0o111
        {
            0 => vec!["/bin/sh".to_owned()],
            _ => Vec::new(),
        };
        let exit = execute(cx, parts, &builder, &env, interpreter, &path).await?;
        if !parts.valid_exit_codes.contains(&exit.code()) {
            return Err(Error::new(
                ErrorKind::CommandFailed,
                format!("the script `{script}` ended with exit code {}", exit.code()),
            )
            .command(CommandFailure::new(script.to_string(), Some(exit.code())))
            .hint("accept the code with `valid_exit_codes`, or mend the script"));
        }
    }
    Ok(())
}

async fn inline(cx: &Cx, parts: &Parts<'_>, builder: &Remote, env: &[(String, String)]) -> Result<()> {
    let render = |command: &Template| cx.render(command).map(|text| text.to_string());
    let commands = parts.inline.iter().copied().map(render).collect::<Result<Vec<_>>>()?;
    let script = InlineScript::new(&parts.shebang.reveal()?, commands);
    let folder = tempfile::Builder::new()
        .prefix("imagebake-")
        .tempdir()
        .path("make a folder in", std::env::temp_dir())?;
    let extension = parts.extension.map(|text| text.to_string()).unwrap_or_default();
    let path = folder.path().join(format!("inline{extension}"));
    let note = folder.path().join("failed-at");
    tokio::fs::write(&path, script.text(&note.display().to_string()))
        .await
        .path("write", &path)?;
    tokio::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))
        .await
        .path("set the mode of", &path)?;
    let exit = execute(cx, parts, builder, env, script.interpreter(), &path).await?;
    match parts.valid_exit_codes.contains(&exit.code()) {
        true => Ok(()),
        false => Err(script.failure(exit.code(), std::fs::read_to_string(&note).ok().as_deref())),
    }
}

/// `{{ vars }}`: the variables as a shell writes them before a command. Secret ones are in the environment, and never on a command line.
fn assigned(cx: &Cx, parts: &Parts<'_>, env: &[(String, String)]) -> Result<Zeroizing<String>> {
    let secret = |name: &str| {
        parts
            .env
            .iter()
            .any(|(other, value)| other == name && value.is_secret())
    };
    let open = env.iter().filter(|(name, _)| !secret(name));
    let open = open.map(|(name, value)| (name.as_str(), value.as_str()));
    let quoted = Template::from("{{ name }}='{{ value }}' ");
    assignments(cx, parts.env_var_format.unwrap_or(&quoted), open)
}

/// Runs the file `script`, by `interpreter` or as `execute_command` says.
async fn execute(
    cx: &Cx,
    parts: &Parts<'_>,
    builder: &Remote,
    env: &[(String, String)],
    interpreter: Vec<String>,
    script: &Path,
) -> Result<Exit> {
    let path = script.to_str().ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            format!("the path {} is not UTF-8", script.display()),
        )
        .hint("rename the file")
    })?;
    let words = match parts.execute_command.is_empty() {
        true => interpreter.into_iter().chain([path.to_owned()]).collect(),
        false => {
            let mut vars = Vars::new();
            vars.insert("script".into(), path.into());
            vars.insert("vars".into(), assigned(cx, parts, env)?.as_str().into());
            let render = |word: &Template| cx.render_with(word, vars.clone()).map(|text| text.to_string());
            parts.execute_command.iter().map(render).collect::<Result<Vec<_>>>()?
        }
    };
    let mut command = Command::program(words);
    command.env = env.to_vec();
    let dir = parts
        .working_dir
        .map_or_else(|| cx.input_path(&"".into()), |dir| cx.input_path(dir));
    builder.exec(command.dir(dir.to_string_lossy())).await
}
