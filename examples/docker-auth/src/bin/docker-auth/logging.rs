//! Log lines, to standard error.

use tracing::Level;

use crate::cli::LogFormat;

/// Sends log lines of this level and above to standard error.
pub(crate) fn init(format: LogFormat, level: Level) {
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_ansi(false);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
        }
    }
}
