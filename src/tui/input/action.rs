//! THE table of actions: name, what it does, where it applies, default keys. The keymap, the
//! configuration's checks, the help page, the palette and the hints in the footer all derive from it.

/// Where an action applies: the layer that has the focus. Keys that a layer does not know fall through
/// to `Global`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    Global,
    Input,
    /// The menu that completes what is typed; keys it does not know fall through to `Input`.
    Menu,
    Timeline,
    /// An approval of a tool.
    Approval,
    /// Questions of the model.
    Questions,
    /// A plan of the model.
    Plan,
    /// What a folder brings.
    Trust,
    /// A list with a selected entry: palette, queue, choices.
    List,
    /// A line or box of text inside a dialog.
    Editor,
    /// A question of ours that is answered by yes or no.
    Confirm,
    /// A page that is only read.
    Page,
}

impl Context {
    pub const ALL: [Self; 12] = [
        Self::Global,
        Self::Input,
        Self::Menu,
        Self::Timeline,
        Self::Approval,
        Self::Questions,
        Self::Plan,
        Self::Trust,
        Self::List,
        Self::Editor,
        Self::Confirm,
        Self::Page,
    ];

    /// The heading on the help page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Input => "Input",
            Self::Menu => "Menu of commands and files",
            Self::Timeline => "Timeline",
            Self::Approval => "Approval",
            Self::Questions => "Questions",
            Self::Plan => "Plan",
            Self::Trust => "Trust in a folder",
            Self::List => "Lists",
            Self::Editor => "Text in a dialog",
            Self::Confirm => "Yes or no",
            Self::Page => "Pages",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct ActionDef {
    pub action: Action,
    /// The name in `[keys]`.
    pub name: &'static str,
    pub doc: &'static str,
    /// A word or two for the footer; empty when it is never hinted at.
    pub hint: &'static str,
    pub context: Context,
    pub keys: &'static [&'static str],
}

macro_rules! actions {
    ($($context:ident { $($action:ident $name:literal [$($key:literal),*] $hint:literal $doc:literal)* })*) => {
        /// Everything a key can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($($action,)*)* }

        /// The table.
        pub static ACTIONS: &[ActionDef] = &[
            $($(ActionDef {
                action: Action::$action,
                name: $name,
                doc: $doc,
                hint: $hint,
                context: Context::$context,
                keys: &[$($key),*],
            },)*)*
        ];
    };
}

actions! {
    Global {
        Help "help" ["f1"] "help" "Show this page: every key and what it does"
        Palette "palette" ["ctrl-p"] "palette" "Find any action by name and do it"
        NewTab "new_tab" ["ctrl-t"] "" "Open a session in a directory"
        NewWorktree "new_worktree" ["alt-n"] "" "Open a session in a git worktree of its own"
        CloseTab "close_tab" ["alt-x"] "" "Close this session; asks when something runs"
        Conversations "conversations" ["alt-c"] "" "Find an earlier conversation: go on with it, fork it or follow it"
        SearchAll "search_all" ["alt-/"] "" "Find words in everything that was said, in open and closed sessions"
        ReopenTab "reopen_tab" ["alt-w"] "" "Open the session that was closed last again, with its conversation"
        ForkTab "fork_tab" ["alt-f"] "" "Go on with a copy of this conversation in a session of its own"
        FollowTab "follow_tab" ["alt-l"] "" "Only look on while another program goes on with this conversation"
        TakeOver "take_over" ["alt-k"] "take over" "Go on with a conversation that was followed, once the other program has ended"
        RenameTab "rename_tab" ["f2"] "" "Give this session a title"
        RemoveWorktree "remove_worktree" [] "" "Close this session and remove its git worktree; asks, and says what would be lost"
        UndoRemoval "undo_removal" ["alt-z"] "undo" "Put the worktree back that was just removed"
        NextTab "next_tab" ["ctrl-pgdn"] "" "Go to the next session"
        PreviousTab "previous_tab" ["ctrl-pgup"] "" "Go to the previous session"
        MoveTabLeft "move_tab_left" ["alt-shift-left"] "" "Move this session's tab to the left"
        MoveTabRight "move_tab_right" ["alt-shift-right"] "" "Move this session's tab to the right"
        Tab1 "tab_1" ["alt-1"] "" "Go to the first session"
        Tab2 "tab_2" ["alt-2"] "" "Go to the second session"
        Tab3 "tab_3" ["alt-3"] "" "Go to the third session"
        Tab4 "tab_4" ["alt-4"] "" "Go to the fourth session"
        Tab5 "tab_5" ["alt-5"] "" "Go to the fifth session"
        Tab6 "tab_6" ["alt-6"] "" "Go to the sixth session"
        Tab7 "tab_7" ["alt-7"] "" "Go to the seventh session"
        Tab8 "tab_8" ["alt-8"] "" "Go to the eighth session"
        Tab9 "tab_9" ["alt-9"] "" "Go to the ninth session"
        NextWaiting "next_waiting" ["alt-a"] "next waiting" "Go to the next request that waits for you"
        Inbox "inbox" ["alt-i"] "" "List everything that waits, over all sessions"
        Grants "grants" ["alt-g"] "" "List what is allowed for a time or for good, and take it back"
        Interrupt "interrupt" [] "" "Interrupt the running turn"
        CycleMode "cycle_mode" ["shift-tab"] "" "Go to the next permission mode"
        ChooseMode "choose_mode" ["alt-m"] "" "Choose the permission mode from a list"
        ChooseModel "choose_model" ["alt-o"] "" "Choose the model from a list"
        Queue "queue" ["alt-q"] "queue" "Look at the prompts that wait: edit, move or drop them"
        Tasks "tasks" ["alt-t"] "" "Look at the background tasks, read what they print, and stop them"
        Panel "panel" ["alt-p"] "" "Show or hide the progress panel"
        FoldAll "fold_all" ["ctrl-o"] "fold" "Fold or unfold all output and thinking"
        Retry "retry" ["alt-r"] "" "Send the last prompt again after an error"
        GoOnAfterLimit "go_on_after_limit" ["alt-u"] "" "Go on by itself once a usage limit has lifted, or no longer"
        PausePhone "pause_phone" [] "" "Let the relay to the phone pause, or go on"
        PairPhone "pair_phone" [] "" "Show a code that makes a phone known, or hide it again"
        StopSession "stop_session" [] "" "Stop this session's process; the next prompt starts it again"
        MeasureContext "measure_context" [] "" "Ask how full the context is"
        PageUp "page_up" ["pgup"] "" "Scroll the timeline up by a page"
        PageDown "page_down" ["pgdn"] "" "Scroll the timeline down by a page"
        Messages "messages" ["alt-e"] "messages" "Show the last messages whole"
        Redraw "redraw" ["ctrl-l"] "" "Draw the whole screen again"
        Suspend "suspend" ["ctrl-z"] "" "Suspend adjutant; sessions keep running until you come back with fg"
        Quit "quit" ["ctrl-q"] "" "Quit; asks when sessions are running"
        ClearOrQuit "clear_or_quit" ["ctrl-c"] "quit" "Clear the input; on an empty one ask to quit, a second time quit"
    }
    Input {
        Send "send" ["enter"] "send" "Send the prompt; while a turn runs it waits in the queue"
        SendNow "send_now" ["alt-s"] "" "Interrupt the running turn and send the prompt at once"
        Newline "newline" ["alt-enter", "ctrl-j", "shift-enter"] "newline" "Begin a new line"
        Escape "escape" ["esc"] "interrupt" "Interrupt the running turn; twice on an idle session: clear the input"
        HistoryPrevious "history_previous" ["up"] "" "On the first line: the previous prompt of this project"
        HistoryNext "history_next" ["down"] "" "On the last line: the next prompt"
        HistorySearch "history_search" ["ctrl-r"] "" "Search the prompts of this project"
        ExternalEditor "external_editor" ["ctrl-x ctrl-e"] "" "Write the prompt in your editor"
        Complete "complete" ["tab"] "" "Complete a /command or an @file"
        ScrollUp "scroll_up" ["shift-up", "ctrl-up"] "" "Scroll the timeline up by half a page"
        ScrollDown "scroll_down" ["shift-down", "ctrl-down"] "" "Scroll the timeline down by half a page"
        EnterTimeline "enter_timeline" ["ctrl-g"] "timeline" "Move through the timeline with the keyboard"
    }
    Menu {
        MenuDown "menu_down" ["down", "ctrl-n"] "next" "Go to the next entry"
        MenuUp "menu_up" ["up", "ctrl-p"] "previous" "Go to the previous entry"
        MenuTake "menu_take" ["tab"] "take" "Take the entry"
        MenuTakeOrSend "menu_take_or_send" ["enter"] "take" "Take the entry; when it stands there already, send the prompt"
        MenuClose "menu_close" ["esc"] "close" "Close the menu, and keep what was typed"
    }
    Timeline {
        CellDown "cell_down" ["j", "down"] "" "Go to the next entry"
        CellUp "cell_up" ["k", "up"] "" "Go to the previous entry"
        Unfold "unfold" ["enter", "space"] "unfold" "Fold or unfold the entry"
        CopyCell "copy_cell" ["y"] "copy" "Copy the entry"
        OpenInEditor "open_in_editor" ["o"] "open" "Open the entry's file in your editor"
        ForkHere "fork_here" ["f"] "fork from here" "Fork the conversation before this prompt, and write it anew"
        ShowRaw "show_raw" ["d"] "details" "Show everything there is about the entry"
        NextPrompt "next_prompt" ["]"] "" "Go to the next prompt"
        PreviousPrompt "previous_prompt" ["["] "" "Go to the previous prompt"
        Find "find" ["/"] "find" "Find text in the timeline"
        FindNext "find_next" ["n"] "" "Go to the next place where it was found"
        FindPrevious "find_previous" ["shift-n"] "" "Go to the previous place"
        Top "top" ["home", "g"] "" "Go to the beginning"
        Bottom "bottom" ["end", "shift-g"] "" "Go to the end and follow it"
        HalfPageUp "half_page_up" ["ctrl-u"] "" "Scroll up by half a page"
        HalfPageDown "half_page_down" ["ctrl-d"] "" "Scroll down by half a page"
        LeaveTimeline "leave_timeline" ["esc", "q", "i", "ctrl-g"] "back" "Go back to the input"
    }
    Approval {
        AllowOnce "allow_once" ["y"] "allow once" "Allow this one call"
        AllowAlways "allow_always" ["a"] "always…" "Choose what to remember, and where, then allow"
        AllowForAWhile "allow_for_a_while" ["+"] "" "Allow, and allow the smallest like it for 20 minutes"
        Deny "deny" ["n"] "deny" "Deny this call; the session goes on"
        DenyWithMessage "deny_with_message" ["shift-n"] "deny with a message" "Deny, and tell the model why"
        DenyAndStop "deny_and_stop" ["x"] "deny and stop" "Deny, and end the turn"
        EditInput "edit_input" ["e"] "edit, then allow" "Change what will run, then allow it"
        AllowWithComment "allow_with_comment" ["c"] "allow with a comment" "Allow, and send a message after it"
        WholeInput "whole_input" ["d"] "whole input" "Show the request exactly as it came"
        Later "later" ["esc"] "later" "Leave it pending and go back"
        NextApproval "next_approval" ["ctrl-n"] "next" "Go to the next request"
        PreviousApproval "previous_approval" ["ctrl-p"] "previous" "Go to the previous request"
        DialogUp "dialog_up" ["k", "up"] "" "Scroll up"
        DialogDown "dialog_down" ["j", "down"] "" "Scroll down"
        DialogPageUp "dialog_page_up" ["pgup", "ctrl-u"] "" "Scroll up by a page"
        DialogPageDown "dialog_page_down" ["pgdn", "ctrl-d", "space"] "" "Scroll down by a page"
        DialogTop "dialog_top" ["home", "g"] "" "Go to the beginning"
        DialogBottom "dialog_bottom" ["end", "shift-g"] "" "Go to the end"
        NextDanger "next_danger" ["!"] "" "Go to the next dangerous line, the worst first"
        ChoiceNext "choice_next" ["tab", "right"] "" "Select the next answer"
        ChoicePrevious "choice_previous" ["shift-tab", "left"] "" "Select the previous answer"
        ChoiceTake "choice_take" ["enter"] "" "Give the selected answer; without one, nothing"
    }
    Questions {
        OptionDown "option_down" ["down", "ctrl-j"] "" "Go to the next answer"
        OptionUp "option_up" ["up", "ctrl-k"] "" "Go to the previous answer"
        OptionToggle "option_toggle" ["space"] "choose" "Choose the answer, or take it back"
        Pick1 "pick_1" ["1"] "" "Choose the first answer, or take it back"
        Pick2 "pick_2" ["2"] "" "Choose the second answer, or take it back"
        Pick3 "pick_3" ["3"] "" "Choose the third answer, or take it back"
        Pick4 "pick_4" ["4"] "" "Choose the fourth answer, or take it back"
        Pick5 "pick_5" ["5"] "" "Choose the fifth answer, or take it back"
        QuestionNext "question_next" ["tab"] "next question" "Go to the next question"
        QuestionPrevious "question_previous" ["shift-tab"] "" "Go to the previous question"
        SubmitAnswers "submit_answers" ["enter"] "answer" "Choose, and send the answers when all are given"
        SkipQuestion "skip_question" ["ctrl-s"] "skip" "Leave this question unanswered, and go on with the others"
        DeclineQuestions "decline_questions" ["ctrl-x"] "decline" "Do not answer; the model is told so"
        LaterQuestions "later_questions" ["esc"] "later" "Leave them pending and go back"
    }
    Plan {
        AcceptPlan "accept_plan" ["y"] "accept" "Accept the plan; edits are asked one by one"
        AcceptPlanEdits "accept_plan_edits" ["a"] "accept, edit freely" "Accept the plan; edits run without asking"
        KeepPlanning "keep_planning" ["n"] "keep planning…" "Say what to change and keep planning"
        StopPlanning "stop_planning" ["x"] "reject and stop" "Reject the plan and end the turn"
        LaterPlan "later_plan" ["esc"] "later" "Leave it pending and go back"
        PlanUp "plan_up" ["k", "up"] "" "Scroll up"
        PlanDown "plan_down" ["j", "down"] "" "Scroll down"
        PlanPageUp "plan_page_up" ["pgup", "ctrl-u"] "" "Scroll up by a page"
        PlanPageDown "plan_page_down" ["pgdn", "ctrl-d", "space"] "" "Scroll down by a page"
    }
    Trust {
        TrustFolder "trust_folder" ["y"] "trust and start" "Have what the folder brings take effect, and start"
        StartWithout "start_without" ["w"] "start without it" "Start, and have nothing of it take effect"
        DoNotStart "do_not_start" ["n"] "do not start" "Start nothing; the prompt waits"
        LaterTrust "later_trust" ["esc"] "later" "Leave it pending and go back"
        TrustUp "trust_up" ["k", "up"] "" "Scroll up"
        TrustDown "trust_down" ["j", "down"] "" "Scroll down"
        TrustPageUp "trust_page_up" ["pgup", "ctrl-u"] "" "Scroll up by a page"
        TrustPageDown "trust_page_down" ["pgdn", "ctrl-d", "space"] "" "Scroll down by a page"
    }
    List {
        ListDown "list_down" ["down", "ctrl-n"] "" "Go to the next entry"
        ListUp "list_up" ["up", "ctrl-p"] "" "Go to the previous entry"
        ListTake "list_take" ["enter"] "take" "Take the entry"
        ListToggle "list_toggle" ["tab"] "mark" "Mark the entry, where several may be marked"
        ListTogether "list_together" ["alt-enter"] "allow harmless" "In the inbox: allow the harmless ones together, or the marked; shows all of them and asks"
        ListDrop "list_drop" ["ctrl-x", "delete"] "drop" "Drop the entry, where it may be dropped"
        ListMoveUp "list_move_up" ["alt-up"] "" "Move the entry up, where the order matters"
        ListMoveDown "list_move_down" ["alt-down"] "" "Move the entry down, where the order matters"
        ListFork "list_fork" ["alt-f"] "fork" "Go on with a copy of the conversation"
        ListFollow "list_follow" ["alt-l"] "follow" "Only look on while another program goes on with the conversation"
        ListScope "list_scope" ["ctrl-s"] "scope" "Choose where the rule is kept"
        ListEdit "list_edit" ["ctrl-e"] "edit" "Change the entry, where it may be changed"
        ListClose "list_close" ["esc"] "back" "Close the list"
    }
    Editor {
        EditorDone "editor_done" ["enter"] "done" "Use the text"
        EditorNewline "editor_newline" ["alt-enter", "ctrl-j", "shift-enter"] "newline" "Begin a new line"
        EditorExternal "editor_external" ["ctrl-x ctrl-e"] "" "Write the text in your editor"
        EditorWorktree "editor_worktree" ["alt-n"] "in a worktree" "When opening a session: give it a git worktree of its own"
        EditorClose "editor_close" ["esc"] "back" "Go back without it"
    }
    Confirm {
        ConfirmYes "confirm_yes" ["y"] "yes" "Yes, do it"
        ConfirmStop "confirm_stop" ["s"] "stop them" "When quitting: stop the sessions too"
        ConfirmRemove "confirm_remove" ["r"] "remove" "When closing a session: remove its worktree too"
        ConfirmKeep "confirm_keep" ["k"] "keep" "When closing a session: keep its worktree"
        ConfirmUp "confirm_up" ["up", "pgup"] "" "Scroll up"
        ConfirmDown "confirm_down" ["down", "pgdn"] "scroll" "Scroll down"
        ConfirmNo "confirm_no" ["n", "esc"] "no" "No, go back"
    }
    Page {
        PageLineUp "page_line_up" ["k", "up"] "" "Scroll up"
        PageLineDown "page_line_down" ["j", "down"] "" "Scroll down"
        PagePageUp "page_page_up" ["pgup", "ctrl-u"] "" "Scroll up by a page"
        PagePageDown "page_page_down" ["pgdn", "ctrl-d", "space"] "" "Scroll down by a page"
        PageTop "page_top" ["home", "g"] "" "Go to the beginning"
        PageBottom "page_bottom" ["end", "shift-g"] "" "Go to the end"
        PageCopy "page_copy" ["y"] "copy" "Copy the page"
        PageClose "page_close" ["esc", "q", "f1"] "back" "Close the page"
    }
}

impl Action {
    /// Other words under which the palette finds it.
    pub fn synonyms(self) -> &'static str {
        match self {
            Self::Panel => "progress cost usage tokens todo",
            Self::MeasureContext => "context size full tokens",
            Self::ChooseMode => "permissions plan accept edits bypass",
            Self::ChooseModel => "opus sonnet haiku",
            Self::NewTab => "session directory folder project",
            Self::NewWorktree => "branch git",
            Self::Conversations => "resume history import continue",
            Self::SearchAll => "grep find",
            Self::Inbox => "approvals requests waiting",
            Self::NextWaiting => "approval request answer",
            Self::Grants => "permissions allowed rules revoke",
            Self::Queue => "prompts pending",
            Self::Tasks => "background jobs shells agents stop",
            Self::ExternalEditor => "vim emacs nano",
            Self::CloseTab => "end session",
            Self::StopSession => "kill process restart",
            Self::Interrupt => "cancel stop turn",
            Self::Retry => "again resend",
            Self::Quit => "exit leave",
            Self::Help => "keys shortcuts manual",
            Self::Redraw => "refresh repaint",
            Self::RenameTab => "title name",
            Self::PairPhone => "feishu lark code",
            _ => "",
        }
    }

    /// What cannot be taken back by pressing it again: a weak match never offers it.
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::CloseTab | Self::StopSession | Self::RemoveWorktree | Self::Quit | Self::ClearOrQuit)
    }

    /// Its row of the table.
    pub fn def(self) -> &'static ActionDef {
        // The table is made in the order of the enum; a test holds that.
        &ACTIONS[self as usize]
    }

    /// Its row by the name used in `[keys]`.
    pub fn by_name(name: &str) -> Option<&'static ActionDef> {
        ACTIONS.iter().find(|def| def.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_action_finds_its_row_and_names_are_unique() {
        let mut names = HashSet::new();
        for def in ACTIONS {
            assert_eq!(def.action.def().name, def.name);
            assert!(names.insert(def.name), "{} twice", def.name);
            assert!(!def.doc.is_empty() && !def.doc.ends_with('.'), "{}", def.name);
        }
    }
}
