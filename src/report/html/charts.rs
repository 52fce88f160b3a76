//! The geometry of the pictures: rectangles in percent of their picture, so that they fit any width.

/// One rectangle of a picture.
pub(super) struct Bar {
    /// The name of its colour in `style.css`.
    pub(super) class: &'static str,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    /// What a reader sees who points at it.
    pub(super) title: String,
}

/// A part of a bar or column: its colour, its size, and what it is.
pub(super) struct Part {
    pub(super) class: &'static str,
    pub(super) size: u64,
    pub(super) title: String,
}

/// The least width of a part that is there, in percent: one row of a million still shows.
const MIN_WIDTH: f64 = 0.6;

/// One horizontal bar with its parts side by side.
pub(super) fn stacked(parts: Vec<Part>) -> Vec<Bar> {
    let widths: Vec<f64> = {
        let whole: f64 = parts.iter().map(|part| float(part.size)).sum();
        let shares = parts.iter().map(|part| 100.0 * float(part.size) / whole.max(1.0));
        shares.map(|share| if share > 0.0 { share.max(MIN_WIDTH) } else { 0.0 }).collect()
    };
    let scale = 100.0 / widths.iter().sum::<f64>().max(1.0);
    let mut x = 0.0;
    let bars = parts.into_iter().zip(widths).map(|(part, width)| {
        let (from, width) = (x, width * scale);
        x += width;
        Bar {
            class: part.class,
            x: length(from),
            y: length(0.0),
            width: length(width),
            height: length(100.0),
            title: part.title,
        }
    });
    bars.collect()
}

/// Columns side by side, each with its parts on top of each other; the highest fills the picture.
pub(super) fn columns(columns: Vec<Vec<Part>>) -> Vec<Bar> {
    let height = |column: &Vec<Part>| column.iter().map(|part| float(part.size)).sum::<f64>();
    let highest = columns.iter().map(height).fold(1.0, f64::max);
    let room = 100.0 / float(columns.len().max(1) as u64);
    let gap = room * if columns.len() > 40 { 0.1 } else { 0.2 };
    let mut bars = Vec::new();
    for (index, column) in columns.into_iter().enumerate() {
        let mut top = 100.0;
        for part in column.into_iter().filter(|part| part.size > 0) {
            let height = (100.0 * float(part.size) / highest).max(1.0);
            top = f64::max(top - height, 0.0);
            bars.push(Bar {
                class: part.class,
                x: length(room * float(index as u64) + gap / 2.0),
                y: length(top),
                width: length(room - gap),
                height: length(height),
                title: part.title,
            });
        }
    }
    bars
}

/// One bar of this share of a whole.
pub(super) fn share(part: u64, whole: u64) -> String {
    let share = 100.0 * float(part) / float(whole.max(1));
    length(if part > 0 { share.clamp(MIN_WIDTH, 100.0) } else { 0.0 })
}

/// The place of one of several columns, and how wide each is.
pub(super) fn place(index: usize, columns: usize) -> String {
    length(100.0 * float(index as u64) / float(columns.max(1) as u64))
}

/// How strongly a part of a whole shows.
pub(super) fn opacity(part: u64, whole: u64) -> String {
    format!("{:.2}", (float(part) / float(whole.max(1))).clamp(0.25, 1.0))
}

pub(super) fn length(percent: f64) -> String {
    format!("{percent:.2}%")
}

#[expect(clippy::cast_precision_loss, reason = "a picture is not that exact")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(size: u64) -> Part {
        Part { class: "accepted", size, title: String::new() }
    }

    #[test]
    fn a_single_row_of_a_million_shows_and_a_bar_is_never_longer_than_its_picture() {
        let bars = stacked(vec![part(1_000_000), part(0), part(1)]);
        let widths: Vec<_> = bars.iter().map(|bar| bar.width.as_str()).collect();
        assert_eq!(widths, ["99.40%", "0.00%", "0.60%"]);
        assert_eq!(bars[2].x, "99.40%");
    }

    #[test]
    fn the_highest_column_fills_the_picture() {
        let bars = columns(vec![vec![part(1), part(1)], vec![part(0)], vec![part(1)]]);
        let places: Vec<_> = bars.iter().map(|bar| (bar.y.as_str(), bar.height.as_str())).collect();
        assert_eq!(places, [("50.00%", "50.00%"), ("0.00%", "50.00%"), ("50.00%", "50.00%")]);
    }
}
