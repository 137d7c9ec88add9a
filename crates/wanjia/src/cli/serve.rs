//! `wanjia serve`: the HTTP door.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use store::{Control, directory};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::{DataArgs, Outcome};
use crate::app::failure::{Failure, Result, in_chinese};
use crate::app::territory::Territory;
use crate::app::tiles::Tiles;
use crate::http::{self, Site, listen};

/// Serve phones and the console; stops on SIGINT or SIGTERM once what was begun is done
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// A base map to lie beneath communities' own: a PMTiles archive in WGS 84
    #[arg(long, value_name = "FILE")]
    tiles: Option<PathBuf>,
}

/// # Errors
/// If the directory is in use, the key is missing, the base map is none, or the address is taken.
pub fn run(args: &ServeArgs) -> Result<Outcome> {
    run_with(&args.data, args.listen, args.tiles.as_deref(), |bound| println!("http://{bound}/"))
}

/// Serves, and tells `ready` the address once it is listened on.
///
/// # Errors
/// Those of [`run`].
pub fn run_with(
    data: &DataArgs,
    listen: SocketAddr,
    tiles: Option<&Path>,
    ready: impl FnOnce(SocketAddr),
) -> Result<Outcome> {
    // Standard output carries the address alone.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("WANJIA_LOG").unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_writer(std::io::stderr)
        .init();
    let tiles = tiles.map(Tiles::open).transpose()?.map(Arc::new);
    directory::Directory::find(&data.data)?;
    let territory = Territory::open(&data.data, data.find_key()?)?;
    let control = Arc::new(Control::open(&data.data, Arc::new(data.find_key()?))?);
    for refusal in data.open_reader()?.unreadable_packs()? {
        tracing::warn!(code = refusal.code, zh = %refusal.zh, "{}", refusal.en);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("runtime", format!("不能启动服务：{error}"), error.to_string()))?;
    runtime.block_on(serve(listen, territory, control, tiles, ready))?;
    Ok(Outcome::Done)
}

async fn serve(
    address: SocketAddr,
    territory: Territory,
    control: Arc<Control>,
    tiles: Option<Arc<Tiles>>,
    ready: impl FnOnce(SocketAddr),
) -> Result<()> {
    let taken = |error: std::io::Error| {
        Failure::new(
            "listen",
            format!("不能在 {address} 监听：{}；请用 --listen 换一个地址", in_chinese(&error)),
            format!("cannot listen on {address}: {error}; choose another with --listen"),
        )
    };
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let bound = listener.local_addr().map_err(taken)?;
    let (stop, stopping) = watch::channel(false);
    let signals = [SignalKind::interrupt(), SignalKind::terminate()];
    let [interrupt, terminate] = signals.map(|kind| {
        signal(kind)
            .map_err(|error| Failure::new("signal", format!("不能接收信号：{error}"), error.to_string()))
    });
    let (mut interrupt, mut terminate) = (interrupt?, terminate?);
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        stop.send_replace(true);
    });
    let site = Site { tiles, ..Site::new(territory.clone(), control, stopping.clone()).await? };
    tokio::spawn(Arc::clone(&site.matching).run(territory.clone(), stopping.clone()));
    tokio::spawn(Arc::clone(&site.judging).run(territory.clone(), stopping.clone()));
    ready(bound);
    std::io::stdout()
        .flush()
        .map_err(|error| Failure::new("output", error.to_string(), error.to_string()))?;
    listen::serve(listener, http::router(site), stopping).await;
    territory.stop().await;
    Ok(())
}
