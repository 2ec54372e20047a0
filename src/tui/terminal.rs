//! The terminal itself: its modes, its bell, its clipboard; and the programs that borrow it.

/// Whether the terminal's background is dark or light.
pub mod background;
/// What is taken from the terminal is given back, whatever happens.
pub mod guard;
/// Messages to the terminal emulator: clipboard, notifications, title.
pub mod messages;
/// Frames as bytes: what was drawn is what stands on the screen, whatever the terminal makes of a cluster.
pub mod screen;
/// Programs that need the terminal for a while: the person's editor, the shell behind ctrl-z.
pub mod visit;
