//! What an MCP server asks, as a dialog.

use adjutant::core::approval::Approval;
use adjutant::core::approval::Ask;
use adjutant::core::approval::elicitation::Elicitation;
use adjutant::core::approval::elicitation::Field;
use adjutant::core::approval::elicitation::FieldKind;
use adjutant::core::approval::elicitation::Offered;
use adjutant::core::approval::elicitation::TextFormat;
use adjutant::core::approval::elicitation::Wanted;
use serde_json::json;

use crate::support::fleet;
use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::screen::looked_at;
use crate::support::screen::snapshot;

fn check(name: &str, stage: &mut Stage, story: &Story, width: u16, height: u16) {
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
    insta::assert_snapshot!(name, snapshot(&buffer, drawn.cursor));
}

fn asked(message: &str, wanted: Wanted) -> (Story, Stage) {
    let mut story = fleet::busy();
    let asked = Elicitation { server: "tickets".into(), message: message.into(), wanted };
    let mut approval = story.approval(None, "Elicitation", json!({}));
    approval = Approval { ask: Ask::Elicitation(Box::new(asked)), risks: Vec::new(), ..approval };
    looked_at(story, approval)
}

#[test]
fn a_servers_form_shows_every_field() {
    let field = |name: &str, description: Option<&str>, required, kind| Field {
        name: name.into(),
        title: None,
        description: description.map(str::to_owned),
        required,
        kind,
    };
    let options = ["bug", "wish"].map(|value| Offered { value: value.into(), label: value.into() }).to_vec();
    let (story, mut stage) = asked(
        "A new ticket needs \u{202e}some facts.",
        Wanted::Form(vec![
            field(
                "kind",
                Some("What it is about"),
                true,
                FieldKind::Choice { options: options.clone(), default: Some(1) },
            ),
            field(
                "mail",
                None,
                true,
                FieldKind::Text {
                    format: Some(TextFormat::Email),
                    min_chars: None,
                    max_chars: Some(80),
                    default: None,
                },
            ),
            field("urgent", None, false, FieldKind::Boolean { default: Some(false) }),
            field("labels", None, false, FieldKind::Choices { options, min: None, max: Some(2), default: vec![0] }),
        ]),
    );
    check("elicitation_form", &mut stage, &story, 100, 40);
    let filling = &mut stage.ui.forms.values_mut().next().unwrap().filling;
    filling.row = 2;
    filling.fields[1].text = "me".into();
    filling.fault = Some((1, "this must be a mail address, at most 80 characters".into()));
    check("elicitation_fault", &mut stage, &story, 80, 24);
    check("elicitation_40x10", &mut stage, &story, 40, 10);
}

#[test]
fn a_page_shows_its_host_and_its_whole_address() {
    let url = format!("https://good.test@evil.test/{}?next=a", "long/".repeat(30));
    let (story, mut stage) = asked("Sign in, please.", Wanted::Page { url, host: "evil.test".into() });
    check("elicitation_page", &mut stage, &story, 100, 30);
    let (story, mut stage) =
        asked("Sign in.", Wanted::Unfit("its address is one of file, and only http and https are opened".into()));
    check("elicitation_unfit", &mut stage, &story, 80, 24);
}
