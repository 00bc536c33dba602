//! A container of the engine, as the container communicator needs it.

use super::driver::{Engine, some};
use crate::{
    communicator::container::{Condition, ContainerEngine, EngineStream, Exec, Session, TarStream},
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
};
use bollard::{
    container::LogOutput,
    errors::Error as ClientError,
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
    query_parameters::{
        AttachContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use std::pin::Pin;

/// A container of an engine, for the communicator.
#[derive(Clone)]
pub(crate) struct EngineContainer {
    pub(crate) engine: Engine,
    pub(crate) id: String,
}

/// What a program prints, for the communicator.
fn printed(
    engine: Engine,
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, ClientError>> + Send>>,
) -> EngineStream<(OutputStream, Bytes)> {
    Box::pin(output.map(move |told| match told {
        Ok(LogOutput::StdErr { message }) => Ok((OutputStream::Stderr, message)),
        Ok(other) => Ok((OutputStream::Stdout, other.into_bytes())),
        Err(error) => Err(engine.failed("read what a program in the container prints", error)),
    }))
}

impl ContainerEngine for EngineContainer {
    async fn open(&self, exec: Exec) -> Result<Session> {
        let client = &self.engine.patient;
        let options = CreateExecOptions {
            attach_stdin: Some(exec.stdin),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(exec.tty),
            env: some(&exec.env),
            cmd: Some(exec.argv),
            user: exec.user,
            working_dir: exec.dir,
            ..CreateExecOptions::default()
        };
        let failed = |error| self.engine.failed("run a program in the container", error);
        let made = client.create_exec(&self.id, options).await.map_err(failed)?;
        let options = StartExecOptions {
            detach: false,
            tty: exec.tty,
            output_capacity: Some(64 << 10),
        };
        match client.start_exec(&made.id, Some(options)).await.map_err(failed)? {
            StartExecResults::Attached { output, input } => Ok(Session {
                id: made.id,
                output: printed(self.engine.clone(), output),
                input,
            }),
            StartExecResults::Detached => Err(Error::new(
                ErrorKind::Internal,
                "the engine does not say what a program prints",
            )),
        }
    }

    async fn attach(&self) -> Result<Session> {
        let options = AttachContainerOptionsBuilder::new()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .build();
        let joined = self.engine.patient.attach_container(&self.id, Some(options)).await;
        let joined = joined.map_err(|error| self.engine.failed("join the container", error))?;
        Ok(Session {
            id: String::new(),
            output: printed(self.engine.clone(), joined.output),
            input: joined.input,
        })
    }

    async fn exit_code(&self, id: &str) -> Result<Option<i64>> {
        let told = self.engine.prompt.inspect_exec(id).await;
        let told = told.map_err(|error| self.engine.failed("learn how a program ended", error))?;
        Ok(match told.running {
            Some(true) => None,
            _ => told.exit_code,
        })
    }

    async fn put(&self, folder: &str, tar: TarStream) -> Result<()> {
        let options = UploadToContainerOptionsBuilder::new().path(folder).build();
        let body = bollard::body_try_stream(tar);
        let sent = self
            .engine
            .patient
            .upload_to_container(&self.id, Some(options), body)
            .await;
        sent.map_err(|error| self.engine.failed(&format!("upload to {folder}"), error))
    }

    async fn get(&self, path: &str) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let engine = self.engine.clone();
        let doing = format!("download {path}");
        let given = self.engine.patient.download_from_container(&self.id, Some(options));
        Ok(Box::pin(given.map_err(move |error| engine.failed(&doing, error))))
    }

    async fn condition(&self) -> Result<Option<Condition>> {
        self.engine.condition_of(&self.id).await
    }

    async fn restart(&self) -> Result<()> {
        self.engine.restart(&self.id).await
    }
}
