use pyroscope::backend::{pprof_backend, BackendConfig, PprofConfig};
use pyroscope::pyroscope::PyroscopeAgentBuilder;
use std::hint::black_box;
use std::time::{Duration, Instant};

#[inline(never)]
fn work(n: u64) {
    for i in 0..n {
        black_box(i);
    }
}

#[inline(never)]
fn fast_function() {
    work(black_box(20_000_000));
    black_box(());
}

#[inline(never)]
fn slow_function() {
    work(black_box(80_000_000));
    black_box(());
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("PYROSCOPE_SERVER_ADDRESS").unwrap_or("http://localhost:4040".into());
    let seconds: u64 = std::env::args().nth(1).map_or(Ok(60), |s| s.parse())?;
    let backend = pprof_backend(PprofConfig::default(), BackendConfig::default());
    let agent = PyroscopeAgentBuilder::new(address, "simple.rust.app", 100, "pyroscope-rs", "2.1.5", backend)
        .tags(vec![("env", "workshop")])
        .build()?
        .start()?;
    let (add_tag, remove_tag) = agent.tag_wrapper();
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        add_tag("function".into(), "fast".into())?;
        fast_function();
        remove_tag("function".into(), "fast".into())?;
        add_tag("function".into(), "slow".into())?;
        slow_function();
        remove_tag("function".into(), "slow".into())?;
    }
    agent.stop()?.shutdown();
    Ok(())
}
