//! From a server's request for input to what a person is shown, and from their decision to the answer. Pure.
//!
//! Invariants: a schema that is not understood as a whole is not offered to be filled in; only pages of http and
//! https are offered; what does not fit the form is refused, never sent.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use url::Url;

use super::ask::Surroundings;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Place;
use crate::core::approval::elicitation as form;
use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Field;
use crate::core::approval::elicitation::FieldKind;
use crate::core::approval::elicitation::Offered;
use crate::core::approval::elicitation::TextFormat;
use crate::core::approval::elicitation::Wanted;
use crate::core::ids::ApprovalId;
use crate::core::prompt::Surface;
use crate::wire::inbound::control as wire;
use crate::wire::outbound::ElicitationAnswer;

/// What the request stands under where a request names its tool.
pub(crate) const NAME: &str = "Elicitation";

/// Reads a request.
pub(crate) fn approval(request: &wire::Elicitation, around: &Surroundings<'_>) -> Approval {
    let mut input = Map::new();
    input.insert("mcp_server_name".into(), request.mcp_server_name.clone().into());
    input.insert("message".into(), request.message.clone().into());
    let more = [("url", request.url.clone().map(Value::from)), ("requested_schema", request.requested_schema.clone())];
    input.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    let asked = Elicitation {
        server: request.mcp_server_name.clone(),
        message: request.message.clone(),
        wanted: wanted(request).unwrap_or_else(Wanted::Unfit),
    };
    Approval {
        title: request.title.clone(),
        description: request.description.clone(),
        ask: Ask::Elicitation(Box::new(asked)),
        place: Place {
            directory: around.directory.to_owned(),
            branch: around.branch.map(str::to_owned),
            ..Place::default()
        },
        asked: around.now,
        ..Approval::new(ApprovalId(0), around.session, NAME, Value::Object(input))
    }
}

fn wanted(request: &wire::Elicitation) -> Result<Wanted, String> {
    match request.mode.as_deref() {
        Some("url") => page(request.url.as_deref().unwrap_or_default()),
        None | Some("form") => fields(request).map(Wanted::Form),
        Some(_) => Err("it asks in a way that this adjutant does not know".to_owned()),
    }
}

fn page(address: &str) -> Result<Wanted, String> {
    let url = Url::parse(address).map_err(|_| "its address cannot be read".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its address is one of {}, and only http and https are opened", url.scheme()));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| "its address names no host".to_owned())?;
    // What is opened is what is shown: the address as it was read, with nothing in it that a browser reads otherwise.
    Ok(Wanted::Page { host: host.to_owned(), url: url.to_string() })
}

fn fields(request: &wire::Elicitation) -> Result<Vec<Field>, String> {
    let schema = request.requested_schema.as_ref().ok_or_else(|| "it describes no form".to_owned())?;
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.ok_or_else(|| "its form has no fields that can be read".to_owned())?;
    let required = match schema.get("required") {
        None => Vec::new(),
        Some(list) => texts(list).ok_or_else(|| "what its form requires cannot be read".to_owned())?,
    };
    if let Some(missing) = required.iter().find(|name| !properties.contains_key(*name)) {
        return Err(format!("its form requires {missing}, which it does not describe"));
    }
    let named = request.property_order.iter().filter(|name| properties.contains_key(*name));
    let rest = properties.keys().filter(|name| !request.property_order.contains(name));
    let mut fields: Vec<Field> = Vec::new();
    for name in named.chain(rest) {
        if fields.iter().any(|field| field.name == *name) {
            continue;
        }
        let schema = properties.get(name).unwrap_or(&Value::Null);
        let kind = kind(schema).ok_or_else(|| format!("its field {name} is of a kind that is not known here"))?;
        let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
        fields.push(Field {
            name: name.clone(),
            title: text("title"),
            description: text("description"),
            required: required.contains(name),
            kind,
        });
    }
    Ok(fields)
}

/// Words of a schema that are understood; one that says more is not offered to be filled in.
const KNOWN: [&str; 18] = [
    "type",
    "title",
    "description",
    "default",
    "minLength",
    "maxLength",
    "format",
    "enum",
    "enumNames",
    "oneOf",
    "anyOf",
    "const",
    "minimum",
    "maximum",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
];

fn kind(schema: &Value) -> Option<FieldKind> {
    let words = schema.as_object()?;
    if words.keys().any(|word| !KNOWN.contains(&word.as_str())) {
        return None;
    }
    let default = schema.get("default");
    let count = |key: &str| match schema.get(key) {
        None => Some(None),
        Some(value) => value.as_u64().map(Some),
    };
    let number = |key: &str| match schema.get(key) {
        None => Some(None),
        Some(value) => value.as_number().cloned().map(Some),
    };
    match schema.get("type")?.as_str()? {
        "string" => match options(schema)? {
            options if !options.is_empty() => {
                let place = |value: &str| options.iter().position(|option| option.value == value);
                let default = default.and_then(Value::as_str).and_then(place);
                Some(FieldKind::Choice { options, default })
            }
            _ => Some(FieldKind::Text {
                format: match schema.get("format") {
                    None => None,
                    Some(word) => Some(format(word.as_str()?)?),
                },
                min_chars: count("minLength")?,
                max_chars: count("maxLength")?,
                default: default.and_then(Value::as_str).map(str::to_owned),
            }),
        },
        word @ ("number" | "integer") => Some(FieldKind::Number {
            is_whole: word == "integer",
            min: number("minimum")?,
            max: number("maximum")?,
            default: default.and_then(Value::as_number).cloned(),
        }),
        "boolean" => Some(FieldKind::Boolean { default: default.and_then(Value::as_bool) }),
        "array" => {
            let options = options(schema.get("items")?).filter(|options| !options.is_empty())?;
            let list = default.and_then(texts).unwrap_or_default();
            let default = (0..options.len()).filter(|place| list.contains(&options[*place].value)).collect();
            Some(FieldKind::Choices { min: count("minItems")?, max: count("maxItems")?, options, default })
        }
        _ => None,
    }
}

fn format(word: &str) -> Option<TextFormat> {
    Some(match word {
        "email" => TextFormat::Email,
        "uri" => TextFormat::Uri,
        "date" => TextFormat::Date,
        "date-time" => TextFormat::DateTime,
        _ => return None,
    })
}

/// What is offered to choose from: nothing where any text will do; `None` when it cannot be read.
fn options(schema: &Value) -> Option<Vec<Offered>> {
    let options: Vec<Offered> = if let Some(values) = schema.get("enum") {
        let values = texts(values)?;
        let names = schema.get("enumNames").and_then(texts).filter(|names| names.len() == values.len());
        let labels = names.unwrap_or_else(|| values.clone());
        values.into_iter().zip(labels).map(|(value, label)| Offered { value, label }).collect()
    } else if let Some(list) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
        let option = |item: &Value| {
            let value = item.get("const")?.as_str()?.to_owned();
            let label = item.get("title").and_then(Value::as_str).unwrap_or(&value).to_owned();
            Some(Offered { value, label })
        };
        list.as_array()?.iter().map(option).collect::<Option<_>>()?
    } else {
        return Some(Vec::new());
    };
    (!options.is_empty()).then_some(options)
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The answer to a server, or a sentence about why this decision cannot be it.
pub(crate) fn answer(asked: &Elicitation, decision: &Decision, by: &Surface) -> Result<ElicitationAnswer, String> {
    if decision.is_allow() && !by.is_person() {
        return Err("only a person can fill this in".into());
    }
    match (decision, &asked.wanted) {
        (Decision::Deny { .. }, _) if by.is_person() => Ok(ElicitationAnswer::Decline),
        // Nobody was asked.
        (Decision::Deny { .. }, _) => Ok(ElicitationAnswer::Cancel),
        (Decision::Dismiss, _) => Ok(ElicitationAnswer::Cancel),
        (Decision::Fill(Value::Object(content)), Wanted::Form(fields)) => {
            form::check(fields, content)?;
            Ok(ElicitationAnswer::Accept { content: json!(content) })
        }
        (Decision::Fill(Value::Null), Wanted::Page { .. }) => Ok(ElicitationAnswer::Accept { content: Value::Null }),
        (Decision::Fill(_), Wanted::Unfit(why)) => Err(format!("it can only be declined or dismissed: {why}")),
        (Decision::Fill(_), _) => Err("the answer is not of the kind that was asked for".into()),
        _ => Err("a server's request is filled in, declined or dismissed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(request: &Value) -> Wanted {
        let text = |key: &str| request[key].as_str().map(str::to_owned);
        let request = wire::Elicitation {
            mcp_server_name: "tiny".into(),
            mode: text("mode"),
            url: text("url"),
            requested_schema: request.get("requested_schema").cloned(),
            property_order: request.get("property_order").and_then(texts).unwrap_or_default(),
            ..wire::Elicitation::default()
        };
        let approval = approval(&request, &Surroundings::default());
        let Ask::Elicitation(asked) = approval.ask else { panic!("an elicitation") };
        asked.wanted
    }

    fn form_of(properties: &Value) -> Wanted {
        read(&json!({"mode": "form", "requested_schema": {"type": "object", "properties": properties}}))
    }

    #[test]
    fn every_kind_of_field_is_read_in_the_servers_order() {
        let schema = json!({"type": "object", "required": ["n"], "properties": {
            "b": {"type": "boolean", "default": true},
            "n": {"type": "integer", "minimum": 1, "maximum": 5, "title": "How many"},
            "t": {"type": "string", "format": "email", "default": "a@b.c"},
            "c": {"type": "string", "enum": ["x", "y"], "enumNames": ["X", "Y"], "default": "y"},
            "o": {"type": "string", "oneOf": [{"const": "x", "title": "X"}]},
            "m": {"type": "array", "items": {"anyOf": [{"const": "x"}, {"const": "y"}]}, "default": ["y"], "maxItems": 1},
        }});
        let wanted = read(&json!({"requested_schema": schema, "property_order": ["n", "t", "b", "gone"]}));
        let Wanted::Form(fields) = wanted else { panic!("{wanted:?}") };
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["n", "t", "b", "c", "o", "m"]);
        assert!(fields[0].required && !fields[1].required);
        assert_eq!(fields[0].label(), "How many");
        assert_eq!(fields[1].preset().text, "a@b.c");
        assert_eq!(fields[2].preset().chosen, [0]);
        assert_eq!((fields[3].preset().chosen, fields[3].options()), (vec![1], vec!["X", "Y"]));
        assert_eq!(fields[5].preset().chosen, [1]);
    }

    #[test]
    fn a_form_that_is_not_understood_is_not_offered() {
        for schema in [
            json!({"type": "string", "pattern": "^a$"}),
            json!({"type": "string", "format": "ipv4"}),
            json!({"type": ["string", "null"]}),
            json!({"type": "object"}),
            json!({"type": "string", "enum": [1]}),
            json!({"type": "string", "enum": []}),
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "integer", "minimum": "1"}),
            json!({}),
        ] {
            let wanted = form_of(&json!({"ok": {"type": "boolean"}, "odd": schema}));
            assert!(matches!(wanted, Wanted::Unfit(_)), "{schema}: {wanted:?}");
        }
        assert!(matches!(read(&json!({"mode": "form"})), Wanted::Unfit(_)));
        assert!(matches!(read(&json!({"mode": "dance", "requested_schema": {"properties": {}}})), Wanted::Unfit(_)));
    }

    #[test]
    fn only_pages_of_the_web_are_offered() {
        let page = |url: &str| read(&json!({"mode": "url", "url": url}));
        let host = |url: &str| match page(url) {
            Wanted::Page { host, .. } => Some(host),
            _ => None,
        };
        assert_eq!(host("https://example.test/in?a=1").as_deref(), Some("example.test"));
        assert_eq!(host("https://good.test@evil.test/").as_deref(), Some("evil.test"));
        for url in ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "x", "", "http://"] {
            assert_eq!(host(url), None, "{url}");
        }
    }

    #[test]
    fn nothing_but_a_fitting_answer_accepts() {
        let asked = |wanted: Wanted| Elicitation { server: "s".into(), message: "m".into(), wanted };
        let form = asked(form_of(&json!({"n": {"type": "integer", "maximum": 5}})));
        let page = asked(read(&json!({"mode": "url", "url": "https://e.test/"})));
        let unfit = asked(Wanted::Unfit("x".into()));
        let accept = |asked: &Elicitation, content: Value| answer(asked, &Decision::Fill(content), &Surface::Terminal);
        assert_eq!(accept(&form, json!({"n": 3})), Ok(ElicitationAnswer::Accept { content: json!({"n": 3}) }));
        assert_eq!(accept(&page, Value::Null), Ok(ElicitationAnswer::Accept { content: Value::Null }));
        for (asked, content) in [
            (&form, json!({"n": 6})),
            (&form, Value::Null),
            (&page, json!({})),
            (&unfit, json!({})),
            (&unfit, Value::Null),
        ] {
            assert!(accept(asked, content).is_err());
        }
        for asked in [&form, &page, &unfit] {
            let given = |decision: Decision, by: &Surface| answer(asked, &decision, by);
            assert_eq!(given(Decision::deny("no"), &Surface::Terminal), Ok(ElicitationAnswer::Decline));
            assert_eq!(given(Decision::deny("late"), &Surface::Engine), Ok(ElicitationAnswer::Cancel));
            assert_eq!(given(Decision::Dismiss, &Surface::Engine), Ok(ElicitationAnswer::Cancel));
            assert!(given(Decision::allow_once(), &Surface::Terminal).is_err());
            assert!(given(Decision::Fill(json!({"n": 3})), &Surface::Engine).is_err());
        }
    }
}
