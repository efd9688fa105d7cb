//! Tables without frames: columns two spaces apart, as wide as their content.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets::NOTHING};

use super::{Hue, Paint, plain};

/// One cell.
pub struct Field {
    text: String,
    hue: Hue,
    align: CellAlignment,
}

/// Text to the left.
pub fn text(text: impl AsRef<str>) -> Field {
    Field {
        text: plain(text.as_ref()).replace('\n', " "),
        hue: Hue::Plain,
        align: CellAlignment::Left,
    }
}

/// A number, to the right.
pub fn number(value: impl ToString) -> Field {
    Field {
        text: value.to_string(),
        hue: Hue::Plain,
        align: CellAlignment::Right,
    }
}

impl Field {
    pub fn hue(mut self, hue: impl Into<Hue>) -> Self {
        self.hue = hue.into();
        self
    }

    fn cell(self, paint: Paint) -> Cell {
        let cell = Cell::new(self.text).set_alignment(self.align);
        if !paint.on() {
            return cell;
        }
        match self.hue {
            Hue::Plain => cell,
            Hue::Dim => cell.add_attribute(Attribute::Dim),
            Hue::Green => cell.fg(Color::Green),
            Hue::Yellow => cell.fg(Color::Yellow),
            Hue::Red => cell.fg(Color::Red),
            Hue::Cyan => cell.fg(Color::Cyan),
        }
    }
}

/// The whole table as text, without a line end after the last row.
pub fn render(paint: Paint, header: &[&str], rows: Vec<Vec<Field>>) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .force_no_tty()
        .style_text_only();
    if paint.on() {
        table.enforce_styling();
    }
    let right: Vec<bool> = (0..header.len())
        .map(|column| {
            rows.first()
                .and_then(|row| row.get(column))
                .is_some_and(|field| field.align == CellAlignment::Right)
        })
        .collect();
    table.set_header(header.iter().zip(&right).map(|(name, right)| {
        let field = text(name).hue(Hue::Dim);
        Field {
            align: if *right {
                CellAlignment::Right
            } else {
                CellAlignment::Left
            },
            ..field
        }
        .cell(paint)
    }));
    for row in rows {
        table.add_row(row.into_iter().map(|field| field.cell(paint)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// `label: value` lines with the labels dim and of one width.
pub fn fields(paint: Paint, rows: &[(&str, String)]) -> String {
    let width = rows
        .iter()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|(label, value)| {
            let label = paint.dim(&format!("{:<width$}", format!("{label}:"), width = width + 1));
            format!("  {label}  {value}")
        })
        .collect::<Vec<_>>()
        .join("\n")
}
