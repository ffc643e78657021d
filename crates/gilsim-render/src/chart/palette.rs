//! Colours, heights and marks of the states: figures are read by state, in colour and without it.
//!
//! The colours were searched over CAM02-UCS. The measure is the smallest distance between any two of them under
//! normal, deutan, protan and tritan vision (Machado et al., severity 100): 16.0 light and 15.9 dark for the
//! first seven. `sync` was added by the same test, with the background counted as a colour and the chroma
//! held below that of `lock_wait`, which is to stay the loudest: its nearest neighbour is at 20.6 (light) and
//! 17.0 (dark), so the smallest distance of all eight is still that of the seven.

use plotters::style::RGBColor;

use gilsim_core::trace::State;

/// Which colours a figure has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// Dark ink on white.
    Light,
    /// Light ink on near-black.
    Dark,
    /// Light, and dark where the viewer asks for it (`prefers-color-scheme`).
    #[default]
    Auto,
}

/// The colours of tools, where a figure shows no states. They are those of states, which were searched to differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hue {
    /// The colour of overhead.
    Brown,
    /// That of native code.
    Green,
    /// That of ready.
    Yellow,
    /// That of waiting for a lock.
    Orange,
    /// That of I/O.
    Pale,
    /// That of running Python.
    Blue,
}

impl Hue {
    const fn state(self) -> State {
        match self {
            Self::Brown => State::Overhead,
            Self::Green => State::Native,
            Self::Yellow => State::Ready,
            Self::Orange => State::LockWait,
            Self::Pale => State::Io,
            Self::Blue => State::Running,
        }
    }
}

/// The marks that lie over a state's colour, for greyscale print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pattern {
    Hatch,
    Dots,
}

impl Pattern {
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Hatch => "hatch",
            Self::Dots => "dots",
        }
    }
}

/// One set of colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colors {
    pub(super) background: RGBColor,
    pub(super) ink: RGBColor,
    pub(super) muted: RGBColor,
    pub(super) rule: RGBColor,
    /// Text on `running`.
    pub(super) on_running: RGBColor,
    /// Text on the brighter `native`, the same in both themes.
    pub(super) on_native: RGBColor,
    states: [RGBColor; 8],
}

const fn rgb(hex: u32) -> RGBColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    RGBColor(red, green, blue)
}

pub(super) const LIGHT: Colors = Colors {
    background: rgb(0xFF_FFFF),
    ink: rgb(0x1F_2328),
    muted: rgb(0x57_606A),
    rule: rgb(0xD0_D7DE),
    on_running: rgb(0xFF_FFFF),
    on_native: rgb(0x11_1111),
    states: [
        rgb(0x2A_5A95),
        rgb(0x55_9A78),
        rgb(0x49_3C38),
        rgb(0xF4_C746),
        rgb(0xEE_7930),
        rgb(0xA6_BFD8),
        rgb(0xF9_E7F0),
        rgb(0x9E_80DE),
    ],
};

pub(super) const DARK: Colors = Colors {
    background: rgb(0x1F_2023),
    ink: rgb(0xE6_EDF3),
    muted: rgb(0x9D_A7B3),
    rule: rgb(0x3D_444D),
    on_running: rgb(0x11_1111),
    on_native: rgb(0x11_1111),
    states: [
        rgb(0x97_BBE9),
        rgb(0x47_A48B),
        rgb(0xF5_F2F0),
        rgb(0xFA_D617),
        rgb(0xE6_8841),
        rgb(0x5C_758A),
        rgb(0x4C_434B),
        rgb(0x96_7EDA),
    ],
};

impl Colors {
    pub(super) const fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light | Theme::Auto => LIGHT,
            Theme::Dark => DARK,
        }
    }

    /// A tool's colour.
    pub(super) fn hue(&self, hue: Hue) -> RGBColor {
        self.states[hue.state() as usize]
    }

    /// Text on a tool's colour.
    pub(super) const fn on_hue(&self, hue: Hue) -> RGBColor {
        match hue {
            Hue::Brown | Hue::Blue => self.on_running,
            _ => self.on_native,
        }
    }

    /// The fill of a state; `queued` has none, a thin line stands for it.
    pub(super) fn state(&self, state: State) -> Option<RGBColor> {
        self.states.get(state as usize).copied()
    }
}

/// Height of a state's bar in a lane of 22 pixels; `queued` is a line.
pub(super) const fn height(state: State) -> i32 {
    match state {
        State::Running | State::Native => 22,
        State::Ready | State::LockWait => 16,
        State::Overhead | State::Io | State::Suspended | State::Sync => 10,
        State::Queued => 1,
    }
}

pub(super) const fn pattern(state: State) -> Option<Pattern> {
    match state {
        State::LockWait => Some(Pattern::Hatch),
        State::Suspended => Some(Pattern::Dots),
        _ => None,
    }
}

/// What a state is called in a legend.
pub(super) const fn wording(state: State, locked: bool) -> &'static str {
    match state {
        State::Running if locked => "running Python (holds the GIL)",
        State::Running => "running Python",
        State::Native if locked => "native code (GIL released)",
        State::Native => "native code",
        State::Overhead => "overhead: start, switch, pickle, loop",
        State::Ready => "ready: no free core, or loop busy",
        State::LockWait => "waiting for the GIL",
        State::Io => "blocked on I/O",
        State::Suspended => "suspended at await",
        State::Sync => "waiting: permit, queue, connection",
        State::Queued => "queued, not started",
    }
}

/// What tasks do in a state, to go on from "tasks spend 10 % of their time …".
pub(super) const fn doing(state: State) -> &'static str {
    match state {
        State::Running => "running Python",
        State::Native => "in native code",
        State::Overhead => "in overhead",
        State::Ready => "ready, with no core or loop free",
        State::LockWait => "waiting for the GIL",
        State::Io => "blocked on I/O",
        State::Suspended => "suspended at await",
        State::Sync => "waiting for a permit, a queue or a connection",
        State::Queued => "queued",
    }
}

/// How a state looks, for pictures that are not drawn here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its colour as `#RRGGBB` on a light and on a dark ground; none for `queued`, which is a line.
    pub colors: Option<[String; 2]>,
    /// The height of its bar in a lane of 22 pixels.
    pub height: i32,
    /// The mark that lies over the colour: `hatch`, `dots` or nothing.
    pub mark: &'static str,
    /// What it is called in a legend.
    pub wording: &'static str,
}

/// How a state looks; `locked` says whether there is a lock to speak of.
pub fn look(state: State, locked: bool) -> Look {
    let colors = [LIGHT, DARK].map(|colors| colors.state(state).map(hex));
    let [light, dark] = colors;
    Look {
        colors: light.zip(dark).map(|(light, dark)| [light, dark]),
        height: height(state),
        mark: pattern(state).map_or("", Pattern::id),
        wording: wording(state, locked),
    }
}

/// The other colours of a figure as `#RRGGBB`, light and dark, by what they are for.
pub(crate) fn grounds() -> [(&'static str, [String; 2]); 6] {
    let both = |of: fn(&Colors) -> RGBColor| [LIGHT, DARK].map(|colors| hex(of(&colors)));
    [
        ("background", both(|colors| colors.background)),
        ("ink", both(|colors| colors.ink)),
        ("muted", both(|colors| colors.muted)),
        ("rule", both(|colors| colors.rule)),
        ("on-running", both(|colors| colors.on_running)),
        ("on-native", both(|colors| colors.on_native)),
    ]
}

/// `#RRGGBB`, as plotters writes it.
pub(super) fn hex(color: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

/// The style block that turns a light figure dark where the viewer asks for it.
pub(super) fn dark_style() -> String {
    let mut rules = vec![
        recolor("rect", "fill", LIGHT.background, DARK.background),
        recolor("text", "fill", LIGHT.on_running, DARK.on_running),
        recolor("text", "fill", LIGHT.ink, DARK.ink),
        recolor("text", "fill", LIGHT.muted, DARK.muted),
        recolor("", "stroke", LIGHT.ink, DARK.ink),
        recolor("", "stroke", LIGHT.muted, DARK.muted),
        recolor("", "stroke", LIGHT.rule, DARK.rule),
    ];
    for (light, dark) in LIGHT.states.into_iter().zip(DARK.states) {
        rules.push(recolor("rect", "fill", light, dark));
        rules.push(recolor("polygon", "fill", light, dark));
        rules.push(recolor("", "stroke", light, dark));
    }
    rules.push(format!("#dots circle{{fill:{}}}", hex(DARK.ink)));
    format!("@media (prefers-color-scheme: dark){{{}}}", rules.concat())
}

fn recolor(element: &str, property: &str, light: RGBColor, dark: RGBColor) -> String {
    format!("{element}[{property}=\"{}\"]{{{property}:{}}}", hex(light), hex(dark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_but_queued_has_a_colour_of_its_own_in_both_themes() {
        for colors in [LIGHT, DARK] {
            let fills: Vec<_> = State::ALL.iter().filter_map(|&s| colors.state(s)).collect();
            assert_eq!(fills.len(), 8);
            for (index, fill) in fills.iter().enumerate() {
                assert!(!fills[..index].contains(fill) && *fill != colors.background);
            }
        }
        assert_eq!(LIGHT.state(State::Queued), None);
        assert_eq!(LIGHT.state(State::Running).map(hex).as_deref(), Some("#2A5A95"));
        assert_eq!(LIGHT.state(State::LockWait).map(hex).as_deref(), Some("#EE7930"));
        assert_eq!(DARK.state(State::Suspended).map(hex).as_deref(), Some("#4C434B"));
    }
}
