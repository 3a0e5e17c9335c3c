//! The picture: rates by number of connections.

use std::path::Path;

use plotters::prelude::*;

use crate::ask::Ask;
use crate::cell::Subject;
use crate::results::{Results, rate};

const SIZE: (u32, u32) = (960, 540);
/// Room above the highest point.
const HEADROOM: f64 = 1.1;

/// Draws transfers of all kinds, the peers' among them.
///
/// # Errors
/// The file cannot be written.
pub fn rates(results: &Results, path: &Path) -> Result<(), String> {
    let said = |error: String| format!("{}: {error}", path.display());
    draw(results, path).map_err(|error| said(error.to_string()))
}

fn draw(results: &Results, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let lines: Vec<(String, Vec<(f64, f64)>)> = results
        .rows()
        .into_iter()
        .filter(|(subject, _)| is_drawn(subject))
        .map(|(subject, cells)| {
            let mut points: Vec<(f64, f64)> = cells
                .into_iter()
                .map(|(connections, samples)| ((connections as f64).log2(), rate(samples)))
                .collect();
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            (subject.to_string(), points)
        })
        .collect();
    let points = || lines.iter().flat_map(|(_, points)| points);
    let x_min = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let x_max = points().map(|point| point.0).fold(0.0, f64::max);
    let y_max = points().map(|point| point.1).fold(1.0, f64::max);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Transfers a second", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(x_min..x_max.max(x_min + 1.0), 0.0..y_max * HEADROOM)?;
    chart
        .configure_mesh()
        .x_desc("connections")
        .x_label_formatter(&|power| format!("{:.0}", power.exp2()))
        .draw()?;
    for (place, (name, points)) in lines.iter().enumerate() {
        let color = Palette99::pick(place).to_rgba();
        chart
            .draw_series(LineSeries::new(points.clone(), color.stroke_width(2)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}

fn is_drawn(subject: &Subject) -> bool {
    match subject {
        Subject::Remit { ask, .. } => matches!(ask, Ask::Transfer(_)),
        Subject::Textbook { .. } | Subject::Plain { .. } => true,
        Subject::TextbookIndexed | Subject::Core { .. } | Subject::Verb { .. } => false,
    }
}
