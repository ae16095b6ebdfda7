//! What was swept, as columns: their names and units, and the cells of a point.

use reports::cell::{number_cell, text_cell};
use serde_json::Value as Json;
use sim_core::time::Duration;

use crate::point::Point;

/// A swept setting as a column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// The path of the setting.
    pub path: String,
    /// The name of the column: dots as underscores, and the unit.
    pub column: String,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    Percent,
    Millis,
    PerSecond,
    Number,
    Words,
}

impl Parameter {
    /// The columns of everything that differs between the points by plan, in plan order.
    pub fn of(points: &[Point]) -> Vec<Self> {
        let mut parameters: Vec<Self> = Vec::new();
        for point in points {
            for path in point.params.iter().map(|(path, _)| path) {
                if parameters.iter().all(|known| known.path != *path) {
                    parameters.push(Self::named(path, points));
                }
            }
        }
        parameters
    }

    fn named(path: &str, points: &[Point]) -> Self {
        let values: Vec<Json> = points.iter().filter_map(|point| point.param(path)).collect();
        let unit = [Unit::Percent, Unit::Millis, Unit::PerSecond, Unit::Number]
            .into_iter()
            .find(|unit| values.iter().all(|value| unit.number(value).is_some()))
            .unwrap_or(Unit::Words);
        let stem: String = path
            .chars()
            .filter(|c| *c != ']')
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let suffix = match unit {
            Unit::Percent => "_pct",
            Unit::Millis => "_ms",
            Unit::PerSecond => "_per_s",
            Unit::Number | Unit::Words => "",
        };
        Self { path: path.to_owned(), column: format!("{stem}{suffix}"), unit }
    }

    /// The cell of this parameter at a point; empty if the point does not have it.
    pub fn cell(&self, point: &Point) -> String {
        let Some(value) = point.param(&self.path) else {
            return String::new();
        };
        match (self.unit.number(&value), value) {
            (Some(number), _) => number_cell(Some(number)),
            (None, Json::String(text)) => text_cell(&text).into_owned(),
            (None, value) => text_cell(&value.to_string()).into_owned(),
        }
    }
}

impl Unit {
    /// The value in this unit, if it is one.
    fn number(self, value: &Json) -> Option<f64> {
        match (self, value) {
            (Self::Percent, Json::String(text)) => {
                text.strip_suffix('%')?.parse().ok().filter(|number: &f64| number.is_finite())
            }
            (Self::Millis, Json::String(text)) => {
                text.parse::<Duration>().ok().map(Duration::as_millis_f64)
            }
            (Self::PerSecond, Json::String(text)) => {
                text.strip_suffix("/s")?.parse().ok().filter(|number: &f64| number.is_finite())
            }
            (Self::Number, Json::Number(number)) => number.as_f64(),
            _ => None,
        }
    }
}

/// The cells of a point that all its rows share: protocol, scenario, parameters, n and f.
pub fn point_cells(point: &Point, parameters: &[Parameter]) -> Vec<String> {
    let contract = point.simulation.contract();
    let tolerated = match contract.liveness.faulty {
        u32::MAX => contract.safety.byzantine,
        faulty => faulty,
    };
    // A planted bug makes another protocol of it, in every table and chart.
    let protocol = match &point.simulation.setup().mutant {
        Some(mutant) => format!("{}+{mutant}", point.entry.name),
        None => point.entry.name.to_owned(),
    };
    let mut cells = vec![protocol, text_cell(&point.scenario).into_owned()];
    cells.extend(parameters.iter().map(|parameter| parameter.cell(point)));
    cells.extend([point.simulation.setup().nodes.to_string(), tolerated.to_string()]);
    cells
}
