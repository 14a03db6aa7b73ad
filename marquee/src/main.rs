//! Marquee: the one binary. It runs any set of the services, and talks to them.

mod admin;
mod backup;
mod cli;
mod compose;
mod config;
mod health;
mod kept;
mod login;
mod openapi;
mod upload;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return cli::fail(&error),
    };
    let outcome = match cli.command {
        Command::Up(arguments) => runtime.block_on(compose::up(arguments)),
        Command::Serve(arguments) => runtime.block_on(compose::serve(arguments)),
        Command::Upload(arguments) => return runtime.block_on(upload::run(arguments)),
        Command::Login(arguments) => runtime.block_on(login::log_in(&arguments)),
        Command::Logout(arguments) => runtime.block_on(login::log_out(&arguments)),
        Command::Admin(command) => return runtime.block_on(admin::run(command)),
        Command::Openapi => openapi::print(),
        Command::Health(arguments) => runtime.block_on(health::ask(&arguments)),
        Command::CheckConfig(arguments) => config::check(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => cli::fail(error.as_ref()),
    }
}
