//! What a machine leaves of a failure: the last picture on its screen and what it wrote to its serial port.

use super::start::Running;
use crate::{engine::Cx, error::Error};
use serde_json::json;
use std::path::Path;

/// How much of a serial log is shown with the error.
const LINES: usize = 15;

/// Puts both beside the unit's log and names them in `error`.
pub(super) async fn collect(cx: &Cx, running: Option<&Running>, folder: &Path, mut error: Error) -> Error {
    let logs = cx.log_dir();
    if let Err(problem) = tokio::fs::create_dir_all(&logs).await {
        tracing::warn!(error = %problem, "nothing of the failure can be kept");
        return error;
    }
    if let Some(running) = running {
        let picture = logs.join(format!("{}.png", cx.unit()));
        let dump = json!({"filename": picture.display().to_string(), "format": "png"});
        if running.qmp.execute("screendump", dump).await.is_ok() && picture.is_file() {
            error = error.context("screenshot", picture.display());
        }
    }
    let logs_of = [
        ("serial.log", "serial log"),
        ("qemu.log", "QEMU's log"),
        ("swtpm.log", "swtpm's log"),
    ];
    for (name, what) in logs_of {
        let bytes = tokio::fs::read(folder.join(name)).await.unwrap_or_default();
        if bytes.is_empty() {
            continue;
        }
        let text = cx.redactor().redact_str(&String::from_utf8_lossy(&bytes)).into_owned();
        let kept = logs.join(format!("{}.{name}", cx.unit()));
        if tokio::fs::write(&kept, &text).await.is_ok() {
            error = error.context(what, kept.display());
        }
        if name == "serial.log" {
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            let last = &lines[lines.len().saturating_sub(LINES)..];
            cx.say(format!("last on the serial port:\n{}", last.join("\n")));
        }
    }
    error
}
