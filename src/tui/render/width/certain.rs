//! Which characters every terminal gives the same cells, and how far the others may reach.
//!
//! For the writer of frames and for approvals. Terminals measure by tables of many ages, join what follows each
//! other by rules of their own, and some reorder what is written from right to left. The tables here hold what
//! none of that touches: characters that have been in Unicode since before 2018, whose width has never changed,
//! that join neither what precedes nor what follows, and that are written from left to right.
//!
//! Not among them, on purpose: Arabic, Hebrew and all other letters that terminals may reorder; the scripts of
//! India and South-East Asia, whose letters join; combining marks, variation selectors, joiners, halves of flags,
//! skin tones, the jamo that make up syllables, and U+FFFD, which some drop.

/// One cell each.
const NARROW: &[(u32, u32)] = &[
    (0x20, 0x7e),
    (0xa0, 0xac),
    (0xae, 0x2ff),
    (0x374, 0x375),
    (0x37a, 0x37f),
    (0x384, 0x38a),
    (0x38c, 0x38c),
    (0x38e, 0x3a1),
    (0x3a3, 0x482),
    (0x48a, 0x52f),
    (0x531, 0x556),
    (0x559, 0x58a),
    (0x10a0, 0x10c5),
    (0x10d0, 0x10fc),
    (0x1200, 0x1248),
    (0x124a, 0x124d),
    (0x1250, 0x1256),
    (0x1258, 0x1258),
    (0x125a, 0x125d),
    (0x1260, 0x1288),
    (0x128a, 0x128d),
    (0x1290, 0x12b0),
    (0x12b2, 0x12b5),
    (0x12b8, 0x12be),
    (0x12c0, 0x12c0),
    (0x12c2, 0x12c5),
    (0x12c8, 0x12d6),
    (0x12d8, 0x1310),
    (0x1312, 0x1315),
    (0x1318, 0x135a),
    (0x1361, 0x137c),
    (0x13a0, 0x13f5),
    (0x1e00, 0x1f15),
    (0x1f18, 0x1f1d),
    (0x1f20, 0x1f45),
    (0x1f48, 0x1f4d),
    (0x1f50, 0x1f57),
    (0x1f59, 0x1f59),
    (0x1f5b, 0x1f5b),
    (0x1f5d, 0x1f5d),
    (0x1f5f, 0x1f7d),
    (0x1f80, 0x1fb4),
    (0x1fb6, 0x1fc4),
    (0x1fc6, 0x1fd3),
    (0x1fd6, 0x1fdb),
    (0x1fdd, 0x1fef),
    (0x1ff2, 0x1ff4),
    (0x1ff6, 0x1ffe),
    (0x2010, 0x2027),
    (0x2030, 0x205e),
    (0x2070, 0x2071),
    (0x2074, 0x208e),
    (0x20a0, 0x20bf),
    (0x2100, 0x218b),
    (0x2190, 0x2319),
    (0x231c, 0x2328),
    (0x232b, 0x23ce),
    (0x2400, 0x2426),
    (0x2440, 0x244a),
    (0x2460, 0x25fc),
    (0x25ff, 0x2613),
    (0x2616, 0x262f),
    (0x2638, 0x2647),
    (0x2654, 0x267e),
    (0x2680, 0x2689),
    (0x2690, 0x2692),
    (0x2694, 0x26a0),
    (0x2701, 0x2704),
    (0x2706, 0x2709),
    (0x270c, 0x2727),
    (0x2729, 0x274b),
    (0x274d, 0x274d),
    (0x274f, 0x2752),
    (0x2756, 0x2756),
    (0x2758, 0x2794),
    (0x2798, 0x27af),
    (0x27b1, 0x27be),
    (0x27d0, 0x27ff),
    (0x2801, 0x2aff),
    (0xfb00, 0xfb06),
    (0xff61, 0xff9d),
    (0xffe8, 0xffee),
];

/// Two cells each.
const WIDE: &[(u32, u32)] = &[
    (0x2e80, 0x2e99),
    (0x2e9b, 0x2ef3),
    (0x2f00, 0x2fd5),
    (0x2ff0, 0x2ffb),
    (0x3000, 0x3029),
    (0x3030, 0x303e),
    (0x3041, 0x3096),
    (0x309b, 0x30ff),
    (0x3105, 0x312d),
    (0x3131, 0x3163),
    (0x3165, 0x318e),
    (0x3190, 0x31ba),
    (0x31c0, 0x31e3),
    (0x31f0, 0x321e),
    (0x3220, 0x3243),
    (0x3251, 0x32fe),
    (0x3300, 0x4db5),
    (0x4e00, 0x9fea),
    (0xa000, 0xa48c),
    (0xa490, 0xa4c6),
    (0xac00, 0xd7a3),
    (0xf900, 0xfa6d),
    (0xfa70, 0xfad9),
    (0xfe30, 0xfe52),
    (0xfe54, 0xfe66),
    (0xfe68, 0xfe6b),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
    (0x2_0000, 0x2_a6d6),
    (0x2_a700, 0x2_b734),
    (0x2_b740, 0x2_b81d),
    (0x2_b820, 0x2_cea1),
    (0x2_ceb0, 0x2_ebe0),
    (0x2_f800, 0x2_fa1d),
];

/// Emoji of one character that are drawn over two cells without being asked to, of 2017 and older.
const EMOJI: &[(u32, u32)] = &[
    (0x231a, 0x231b),
    (0x23e9, 0x23ec),
    (0x23f0, 0x23f0),
    (0x23f3, 0x23f3),
    (0x25fd, 0x25fe),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x267f, 0x267f),
    (0x2693, 0x2693),
    (0x26a1, 0x26a1),
    (0x26aa, 0x26ab),
    (0x26bd, 0x26be),
    (0x26c4, 0x26c5),
    (0x26ce, 0x26ce),
    (0x26d4, 0x26d4),
    (0x26ea, 0x26ea),
    (0x26f2, 0x26f3),
    (0x26f5, 0x26f5),
    (0x26fa, 0x26fa),
    (0x26fd, 0x26fd),
    (0x2705, 0x2705),
    (0x270a, 0x270b),
    (0x2728, 0x2728),
    (0x274c, 0x274c),
    (0x274e, 0x274e),
    (0x2753, 0x2755),
    (0x2757, 0x2757),
    (0x2795, 0x2797),
    (0x27b0, 0x27b0),
    (0x27bf, 0x27bf),
    (0x2b1b, 0x2b1c),
    (0x2b50, 0x2b50),
    (0x2b55, 0x2b55),
    (0x1_f004, 0x1_f004),
    (0x1_f0cf, 0x1_f0cf),
    (0x1_f18e, 0x1_f18e),
    (0x1_f191, 0x1_f19a),
    (0x1_f201, 0x1_f201),
    (0x1_f21a, 0x1_f21a),
    (0x1_f22f, 0x1_f22f),
    (0x1_f232, 0x1_f236),
    (0x1_f238, 0x1_f23a),
    (0x1_f250, 0x1_f251),
    (0x1_f300, 0x1_f320),
    (0x1_f32d, 0x1_f335),
    (0x1_f337, 0x1_f37c),
    (0x1_f37e, 0x1_f393),
    (0x1_f3a0, 0x1_f3ca),
    (0x1_f3cf, 0x1_f3d3),
    (0x1_f3e0, 0x1_f3f0),
    (0x1_f3f4, 0x1_f3f4),
    (0x1_f3f8, 0x1_f3fa),
    (0x1_f400, 0x1_f43e),
    (0x1_f440, 0x1_f440),
    (0x1_f442, 0x1_f4fc),
    (0x1_f4ff, 0x1_f53d),
    (0x1_f54b, 0x1_f54e),
    (0x1_f550, 0x1_f567),
    (0x1_f57a, 0x1_f57a),
    (0x1_f595, 0x1_f596),
    (0x1_f5a4, 0x1_f5a4),
    (0x1_f5fb, 0x1_f64f),
    (0x1_f680, 0x1_f6c5),
    (0x1_f6cc, 0x1_f6cc),
    (0x1_f6d0, 0x1_f6d2),
    (0x1_f6eb, 0x1_f6ec),
    (0x1_f6f4, 0x1_f6f8),
    (0x1_f910, 0x1_f93a),
    (0x1_f93c, 0x1_f93e),
    (0x1_f940, 0x1_f945),
    (0x1_f947, 0x1_f94c),
    (0x1_f950, 0x1_f96b),
    (0x1_f980, 0x1_f997),
    (0x1_f9c0, 0x1_f9c0),
    (0x1_f9d0, 0x1_f9e6),
];

/// Marks that every table has known for decades to take no cell of their own.
const MARKS: &[(u32, u32)] = &[
    (0x300, 0x34e),
    (0x350, 0x36f),
    (0x591, 0x5bd),
    (0x64b, 0x655),
    (0xe31, 0xe31),
    (0xe34, 0xe3a),
    (0xe47, 0xe4e),
    (0x3099, 0x309a),
];

/// The letters of scripts are below this, and none of them is wide but the jamo.
const END_OF_SCRIPTS: char = '\u{2000}';

fn is_in(table: &[(u32, u32)], c: char) -> bool {
    let code = u32::from(c);
    let above = table.partition_point(|(_, last)| *last < code);
    table.get(above).is_some_and(|(first, _)| *first <= code)
}

/// Whether every terminal gives `c` the same cells, wherever it stands.
pub fn is_certain(c: char) -> bool {
    // Nearly everything is ASCII, and this is asked of every cell that changes.
    matches!(c, ' '..='~') || is_in(NARROW, c) || is_in(WIDE, c)
}

/// Whether `c` is an emoji that terminals of the last years draw over two cells. Older ones take one.
pub fn is_plain_emoji(c: char) -> bool {
    is_in(EMOJI, c)
}

/// The most cells that any terminal may give to `cluster`: it must not stand nearer to the right edge, or its
/// end might appear on the next row.
pub fn widest(cluster: &str) -> usize {
    let of_char = |c: char| match super::of_char(c) {
        _ if is_in(MARKS, c) => 0,
        0 => 1,
        wide if is_certain(c) || c < END_OF_SCRIPTS => wide,
        wide => wide.max(2),
    };
    cluster.chars().map(of_char).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::render::sanitize::HiddenKind;
    use crate::tui::render::sanitize::hidden_kind;
    use crate::tui::render::width::of_char;
    use crate::tui::theme::Glyphs;
    use unicode_segmentation::UnicodeSegmentation as _;

    fn every_char() -> impl Iterator<Item = char> {
        (0..=0x10_ffff).filter_map(char::from_u32)
    }

    #[test]
    fn the_tables_are_in_order() {
        for table in [NARROW, WIDE, EMOJI, MARKS] {
            assert!(table.iter().all(|(first, last)| first <= last));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0), "{table:x?}");
        }
    }

    #[test]
    fn what_is_certain_has_the_width_that_is_measured() {
        let is_wrong = |c: &char| match *c {
            c if is_in(NARROW, c) => of_char(c) != 1,
            c if is_in(WIDE, c) || is_in(EMOJI, c) => of_char(c) != 2,
            c => is_in(MARKS, c) && of_char(c) != 0,
        };
        let wrong: Vec<_> = every_char().filter(is_wrong).map(|c| format!("U+{:04X}", u32::from(c))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn what_is_certain_shows_itself() {
        let hidden: Vec<_> = every_char()
            .filter(|c| is_certain(*c) || is_plain_emoji(*c))
            .filter(|c| !matches!(hidden_kind(*c), None | Some(HiddenKind::Space)))
            .map(|c| format!("U+{:04X}", u32::from(c)))
            .collect();
        assert!(hidden.is_empty(), "{hidden:?}");
    }

    #[test]
    fn what_is_certain_joins_nothing() {
        for c in every_char().filter(|c| is_certain(*c) || is_plain_emoji(*c)) {
            for other in ['a', '中', '가', '👩', 'ب', 'क', '1'] {
                for pair in [format!("{c}{other}"), format!("{other}{c}")] {
                    assert_eq!(pair.graphemes(true).count(), 2, "U+{:04X} and {other}", u32::from(c));
                }
            }
        }
    }

    #[test]
    fn our_own_marks_are_certain() {
        let glyphs = format!("{:?}", Glyphs::unicode());
        let doubtful: String = glyphs.chars().filter(|c| !is_certain(*c)).collect();
        assert_eq!(doubtful, "");
    }

    #[test]
    fn knows_how_far_clusters_may_reach() {
        for (cluster, cells) in [
            ("e\u{301}", 1),
            ("ที่", 1),
            ("क\u{94d}ष", 3),
            ("🇩🇪", 4),
            ("1\u{fe0f}\u{20e3}", 3),
            ("👩\u{200d}👧", 5),
            ("👍🏽", 4),
            ("ｶﾞ", 3),
            ("中", 2),
            ("\u{1fac8}", 2),
        ] {
            assert_eq!(widest(cluster), cells, "{cluster}");
        }
    }
}
