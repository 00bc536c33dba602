//! What commands can count on.

use super::{Tried, breach, bytes, note, same};
use crate::{
    communicator::{Command, Exit, Script},
    engine::Cx,
    error::{Error, ErrorKind, Result},
};
use std::time::Duration;

pub(super) async fn check(on: &Tried<'_>, cx: &Cx, breaches: &mut Vec<String>) {
    note(breaches, "exit codes arrive", exit_codes(on).await);
    note(breaches, "a program's end by a signal is told", signals(on).await);
    note(breaches, "arguments arrive as they are", arguments(on).await);
    note(breaches, "standard output and error are apart", streams(on).await);
    note(breaches, "output of any bytes arrives whole", output(on).await);
    note(
        breaches,
        "variables arrive and are not seen by others",
        variables(on).await,
    );
    note(breaches, "standard input arrives whole, and ends", input(on).await);
    note(breaches, "a command starts in its folder", folder(on).await);
    note(breaches, "a program that is not there is told", absent(on).await);
    note(breaches, "a script is brought in, run and removed", script(on).await);
    note(breaches, "commands run side by side", side_by_side(on).await);
    note(breaches, "many commands follow each other", many(on).await);
    note(
        breaches,
        "a deadline ends a command and its children",
        deadline(on, cx).await,
    );
    note(breaches, "a command that nobody waits for ends", dropped(on, cx).await);
}

async fn exit_codes(on: &Tried<'_>) -> Result<()> {
    for code in [0, 1, 7, 126, 255] {
        let ended = on.run(Command::shell(format!("exit {code}"))).await?;
        same(ended.exit, Exit::Code(code))?;
        let ended = on.run(Command::program(["sh", "-c", &format!("exit {code}")])).await?;
        same(ended.exit, Exit::Code(code))?;
    }
    Ok(())
}

/// A shell in between reports a signal as 128 and its number, so both are right.
async fn signals(on: &Tried<'_>) -> Result<()> {
    let ended = on.run(Command::program(["sh", "-c", "kill -9 $$"])).await?;
    same(ended.exit.code(), 137)?;
    on.sh("true").await.map(drop)
}

async fn arguments(on: &Tried<'_>) -> Result<()> {
    let strange = [
        "a b",
        "",
        "it's \"quoted\"",
        "$HOME `id` \\n",
        "two\nlines",
        "*",
        "é ✓",
        "-n",
    ];
    let mut all = vec!["printf", "[%s]\\n"];
    all.extend(strange);
    let printed = on.run(Command::program(all)).await?;
    let expected: String = strange.iter().map(|text| format!("[{text}]\n")).collect();
    same(String::from_utf8_lossy(&printed.stdout).into_owned(), expected)
}

async fn streams(on: &Tried<'_>) -> Result<()> {
    let ended = on.run(Command::shell("echo out; echo err >&2; printf last")).await?;
    same(String::from_utf8_lossy(&ended.stdout).as_ref(), "out\nlast")?;
    same(String::from_utf8_lossy(&ended.stderr).as_ref(), "err\n")
}

async fn output(on: &Tried<'_>) -> Result<()> {
    let sent = bytes(6 << 20);
    let file = on.path("output.bin");
    on.guest.write(&file, sent.clone(), &Default::default()).await?;
    let printed = on.sh(&format!("cat {}", on.quoted(&file))).await?;
    same(printed.len(), sent.len())?;
    match printed == sent {
        true => Ok(()),
        false => Err(breach("the bytes differ")),
    }
}

async fn variables(on: &Tried<'_>) -> Result<()> {
    let value = "it's \"a\" $VALUE\nof `two` lines ";
    let hidden = "seen-by-nobody-4711";
    // It runs while the others look.
    let line =
        "printf %s \"$STRANGE\"; for p in /proc/[0-9]*/cmdline; do cat $p 2>/dev/null; done | tr '\\000' ' ' >&2";
    let command = Command::shell(line).env("STRANGE", value).env("HIDDEN", hidden);
    let ended = on.run(command).await?;
    same(String::from_utf8_lossy(&ended.stdout).as_ref(), value)?;
    if String::from_utf8_lossy(&ended.stderr).contains(hidden) {
        return Err(breach(
            "the value is in a command line, which every user of the guest can read",
        ));
    }
    let ended = on
        .run(Command::program(["sh", "-c", "printf %s \"$STRANGE\""]).env("STRANGE", value))
        .await?;
    same(String::from_utf8_lossy(&ended.stdout).as_ref(), value)
}

async fn input(on: &Tried<'_>) -> Result<()> {
    let sent = bytes(1 << 20);
    let echoed = on.run(Command::shell("cat").stdin(sent.clone())).await?;
    if echoed.stdout != sent {
        return Err(breach(format!(
            "{} of {} bytes, or others",
            echoed.stdout.len(),
            sent.len()
        )));
    }
    // It would wait for ever if it had something to wait for.
    let nothing = on
        .run(Command::shell("cat; echo end").timeout(Duration::from_secs(30)))
        .await?;
    same(String::from_utf8_lossy(&nothing.stdout).as_ref(), "end\n")
}

async fn folder(on: &Tried<'_>) -> Result<()> {
    let folder = on.path("a folder");
    on.sh(&format!("mkdir -p {}", on.quoted(&folder))).await?;
    let printed = on.run(Command::shell("pwd").dir(folder.clone())).await?;
    same(String::from_utf8_lossy(&printed.stdout).trim_end(), folder.as_str())?;
    let nowhere = on.run(Command::shell("pwd").dir(on.path("nowhere"))).await;
    match nowhere {
        Ok(ended) if ended.exit.success() => Err(breach("it ran in a folder that is not there")),
        _ => Ok(()),
    }
}

async fn absent(on: &Tried<'_>) -> Result<()> {
    match on.run(Command::program(["no-such-program-anywhere"])).await {
        Ok(ended) if ended.exit.success() => Err(breach("it is said to have succeeded")),
        _ => on.sh("true").await.map(drop),
    }
}

/// What it prints goes into the log, so it leaves a file.
async fn script(on: &Tried<'_>) -> Result<()> {
    let (at, told) = (on.path("it's a script"), on.path("told"));
    let text = "#!/bin/sh\ncat\nprintf '%s|' \"$A\" \"$PWD\" \"$(wc -c < \"$0\" | tr -d ' ')\" \"$(stat -c %a \"$0\")\" > \"$TOLD\"\nexit 7\n\0";
    let command = Command::program(["sh", at.as_str()])
        .env("A", "a\nb")
        .env("TOLD", told.as_str())
        .dir("/tmp");
    let run = async |script: Script| {
        let ran = on.guest.run_script(&script, command.clone()).await?;
        ran.removed?;
        same(ran.exit?, Exit::Code(7))?;
        let (told, at) = (on.quoted(&told), on.quoted(&at));
        let left = on
            .sh(&format!("cat {told}; rm {told}; [ ! -e {at} ] || echo there"))
            .await?;
        Ok::<_, Error>(String::from_utf8_lossy(&left).into_owned())
    };
    let expected = format!("a\nb|/tmp|{}|700|", text.len());
    same(run(Script::new(at.clone(), text)).await?, expected.clone())?;
    same(
        run(Script::new(at.clone(), text).stays(true)).await?,
        format!("{expected}there\n"),
    )?;
    let nowhere = Script::new(on.path("no such folder/script"), text);
    match on.guest.run_script(&nowhere, command.clone()).await {
        Err(error) => same(error.kind(), ErrorKind::NotFound),
        Ok(ran) => Err(breach(format!("a script that cannot be written ran: {ran:?}"))),
    }
}

async fn side_by_side(on: &Tried<'_>) -> Result<()> {
    let (here, there) = (on.path("here"), on.path("there"));
    let meet = |mine: String, theirs: String| {
        let line = format!(
            "touch {mine}; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do test -e {theirs} && exit 0; sleep 1; done; exit 1"
        );
        on.run(Command::shell(line))
    };
    let (one, other) = tokio::join!(
        meet(on.quoted(&here), on.quoted(&there)),
        meet(on.quoted(&there), on.quoted(&here))
    );
    same((one?.exit, other?.exit), (Exit::Code(0), Exit::Code(0)))
}

async fn many(on: &Tried<'_>) -> Result<()> {
    for number in 0..50 {
        let printed = on.sh(&format!("echo {number}")).await?;
        same(String::from_utf8_lossy(&printed).trim().to_owned(), number.to_string())?;
    }
    Ok(())
}

async fn deadline(on: &Tried<'_>, cx: &Cx) -> Result<()> {
    let began = std::time::Instant::now();
    let command = Command::shell("sleep 40711 & sleep 40712; echo never").timeout(Duration::from_secs(1));
    let ended = on.run(command).await;
    if ended.is_ok_and(|ended| ended.exit.success()) || began.elapsed() > Duration::from_secs(20) {
        return Err(breach("it ran on"));
    }
    gone(on, cx, "sleep 4071").await
}

async fn dropped(on: &Tried<'_>, cx: &Cx) -> Result<()> {
    let command = on.run(Command::shell("sleep 40721; echo never"));
    if tokio::time::timeout(Duration::from_secs(1), command).await.is_ok() {
        return Err(breach("it ended by itself"));
    }
    gone(on, cx, "sleep 40721").await
}

/// The end of a program takes a moment where the guest is far away.
async fn gone(on: &Tried<'_>, cx: &Cx, word: &str) -> Result<()> {
    for _ in 0..20 {
        if !on.runs(word).await? {
            return Ok(());
        }
        cx.pause(Duration::from_millis(250)).await?;
    }
    Err(breach(format!("`{word}` still runs in the guest")))
}
