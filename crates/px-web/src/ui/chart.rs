//! Charts made on the server: readable without a script, no inline styles. What is drawn is SVG and
//! stretches with its place; the words around it are text of the page, so that they have one size on
//! a phone and on a desk.

use super::Tone;
use crate::html::Html;
use std::fmt::Write as _;

/// Units of the drawing; the page stretches it.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 150.0;
/// Share of its slot that a bar takes, and its most.
const BAR: (f64, f64) = (0.62, 24.0);
/// Labels that find place on a desk.
const LABELS: usize = 8;

/// A small line without axes; the label says in words what it shows.
#[must_use]
pub fn sparkline(values: &[f64], label: &str) -> Html {
    let (w, h) = (120.0, 32.0);
    let (low, high) = bounds(values);
    let span = (high - low).max(f64::MIN_POSITIVE);
    let points = points(
        values,
        |i| i * w,
        |v| h - 2.0 - (v - low) / span * (h - 4.0),
    );
    let label = Html::text(label);
    Html::trusted(format!(
        r#"<svg class="px-chart" viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{label}"><polygon class="px-area" points="0,{h} {points} {w},{h}"/><polyline class="px-stroke" points="{points}"/></svg>"#
    ))
}

fn bounds(values: &[f64]) -> (f64, f64) {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    if low > high { (0.0, 1.0) } else { (low, high) }
}

/// `x` gets the position between 0 and 1.
fn points(values: &[f64], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let last = (values.len().max(2) - 1) as f64;
    let mut out = String::new();
    for (i, value) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let _ = write!(out, "{:.1},{:.1} ", x(i as f64 / last), y(*value));
    }
    out.trim_end().to_owned()
}

/// Named values over the labels of a chart.
#[derive(Debug, Clone)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Colour by meaning.
    pub tone: Tone,
    /// One value per label.
    pub values: Vec<f64>,
}

/// The next round number above, so that the axis has even steps; whole ones where things are counted.
fn ceiling(value: f64, counted: bool) -> f64 {
    let top = round_above(value);
    if counted && top % 2.0 != 0.0 {
        return (top / 2.0).ceil() * 2.0;
    }
    top
}

fn round_above(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let base = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 10.0];
    let fit = steps
        .into_iter()
        .find(|s| s * base >= value)
        .unwrap_or(10.0);
    fit * base
}

fn short(value: f64) -> String {
    let text = match value {
        v if v >= 1_000_000.0 => format!("{:.1}M", v / 1_000_000.0),
        v if v >= 10_000.0 => format!("{:.0}k", v / 1000.0),
        v if v >= 10.0 || v == v.trunc() => format!("{v:.0}"),
        v => format!("{v:.2}"),
    };
    text.replace(".0M", "M")
}

/// The lines of the scale.
fn grid() -> String {
    let lines = [0.0, HEIGHT / 2.0, HEIGHT];
    let each = lines
        .map(|y| format!(r#"<line class="px-grid" x1="0" x2="{WIDTH}" y1="{y:.0}" y2="{y:.0}"/>"#));
    each.concat()
}

/// What the lines stand for, from above.
fn scale(top: f64) -> String {
    let each = [top, top / 2.0, 0.0].map(|value| format!("<span>{}</span>", short(value)));
    format!(r#"<div class="px-scale">{}</div>"#, each.concat())
}

/// As many labels as there are slots, so that each stands under its own; those without place are
/// empty, and every second of the others gives way on a phone.
fn axis(labels: &[String]) -> String {
    let every = labels.len().div_ceil(LABELS).max(1);
    let mut out = String::from(r#"<div class="px-ticks">"#);
    for (i, label) in labels.iter().enumerate() {
        let class = match (i % every, i / every % 2) {
            (0, 0) => "",
            (0, _) => r#" class="px-more""#,
            _ => {
                out.push_str("<span></span>");
                continue;
            }
        };
        let _ = write!(out, "<span{class}><b>{}</b></span>", Html::text(label));
    }
    out.push_str("</div>");
    out
}

fn legend(series: &[Series]) -> String {
    if series.len() < 2 {
        return String::new();
    }
    let items: String = series
        .iter()
        .map(|s| {
            let (tone, name) = (s.tone.as_str(), Html::text(&s.name));
            format!(r#"<li><span data-tone="{tone}"><i></i></span>{name}</li>"#)
        })
        .collect();
    format!(r#"<ul class="px-legend">{items}</ul>"#)
}

fn frame(title: &str, top: f64, labels: &[String], inner: &str, series: &[Series]) -> Html {
    let (title, grid, legend) = (Html::text(title), grid(), legend(series));
    let (scale, axis) = (scale(top), axis(labels));
    Html::trusted(format!(
        r#"<figure class="m-0"><div class="px-plot" role="img" aria-label="{title}">{scale}<svg class="px-chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{grid}{inner}</svg>{axis}</div>{legend}</figure>"#
    ))
}

/// Stacked bars, one per label.
#[derive(Debug, Clone)]
pub struct Bars {
    /// What the chart says, for screen readers.
    pub title: String,
    /// One label per bar.
    pub labels: Vec<String>,
    /// What is stacked, from below.
    pub series: Vec<Series>,
}

impl Bars {
    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        let value = |s: &Series, i: usize| s.values.get(i).copied().unwrap_or(0.0).max(0.0);
        let sum = |i: usize| self.series.iter().map(|s| value(s, i)).sum::<f64>();
        let every = || self.series.iter().flat_map(|s| &s.values);
        let counted = every().all(|v| v.trunc() == *v);
        let top = ceiling((0..self.labels.len()).map(sum).fold(0.0, f64::max), counted);
        let slot = WIDTH / self.labels.len().max(1) as f64;
        let width = (slot * BAR.0).min(BAR.1);
        let scale = HEIGHT / top;
        let mut floor = vec![HEIGHT; self.labels.len()];
        let mut inner = String::new();
        for series in &self.series {
            let _ = write!(
                inner,
                r#"<g class="px-bars" data-tone="{}">"#,
                series.tone.as_str()
            );
            for (i, label) in self.labels.iter().enumerate() {
                let tall = value(series, i) * scale;
                floor[i] -= tall;
                let x = slot * (i as f64 + 0.5) - width / 2.0;
                let _ = write!(
                    inner,
                    r#"<rect x="{x:.1}" y="{:.1}" width="{width:.1}" height="{tall:.1}"><title>{}: {} {}</title></rect>"#,
                    floor[i],
                    Html::text(label),
                    short(value(series, i)),
                    Html::text(&series.name)
                );
            }
            inner.push_str("</g>");
        }
        frame(&self.title, top, &self.labels, &inner, &self.series)
    }
}

/// Lines over labels, the first one filled below.
#[derive(Debug, Clone)]
pub struct Line {
    /// What the chart says, for screen readers.
    pub title: String,
    /// One label per point.
    pub labels: Vec<String>,
    /// The lines.
    pub series: Vec<Series>,
}

impl Line {
    /// The markup.
    #[must_use]
    pub fn html(&self) -> Html {
        let all: Vec<f64> = self.series.iter().flat_map(|s| s.values.clone()).collect();
        let top = ceiling(bounds(&all).1, false);
        let slot = WIDTH / self.labels.len().max(1) as f64;
        let (from, to) = (slot / 2.0, WIDTH - slot / 2.0);
        let mut inner = String::new();
        for (n, series) in self.series.iter().enumerate() {
            let line = points(
                &series.values,
                |p| from + p * (to - from),
                |v| HEIGHT - v.max(0.0) / top * HEIGHT,
            );
            let _ = write!(inner, r#"<g data-tone="{}">"#, series.tone.as_str());
            if n == 0 {
                let _ = write!(
                    inner,
                    r#"<polygon class="px-area" points="{from:.1},{HEIGHT} {line} {to:.1},{HEIGHT}"/>"#
                );
            }
            let _ = write!(
                inner,
                r#"<polyline class="px-stroke" points="{line}"/></g>"#
            );
        }
        frame(&self.title, top, &self.labels, &inner, &self.series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers_and_counts_have_no_halves() {
        let ends = [0.0, 0.3, 1.0, 3.0, 5.0, 41.0, 260.0];
        assert_eq!(
            ends.map(|v| ceiling(v, true)),
            [2.0, 2.0, 2.0, 4.0, 6.0, 50.0, 400.0]
        );
        assert_eq!(
            ends.map(|v| ceiling(v, false)),
            [1.0, 0.4, 1.0, 4.0, 5.0, 50.0, 400.0]
        );
    }
}
