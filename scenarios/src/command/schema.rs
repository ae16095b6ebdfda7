//! `synod schema`: what may stand in a scenario file, for editors.

use crate::error::Error;
use crate::registry;
use crate::schema;
use crate::terminal::Terminal;

/// Writes the JSON Schema of scenario files.
///
/// # Errors
/// When it cannot be written.
pub fn schema(terminal: &mut Terminal) -> Result<u8, Error> {
    terminal.document(&schema::of_scenarios(registry::entries()))?;
    Ok(0)
}
