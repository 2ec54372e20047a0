//! The session's own list of steps: from `TodoWrite` (the whole list at once) and from the
//! `TaskCreate` / `TaskUpdate` tools of newer CLIs (one step at a time).

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TodoState {
    Pending,
    InProgress,
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodoItem {
    /// Known for steps made by `TaskCreate`, once its result named one.
    pub id: Option<String>,
    pub text: String,
    pub state: TodoState,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TodoList {
    pub items: Vec<TodoItem>,
}

/// More steps than any person reads; a list beyond it is cut, so that a hostile one costs nothing.
const MAX_ITEMS: usize = 500;

impl TodoList {
    pub fn done(&self) -> usize {
        self.items.iter().filter(|item| item.state == TodoState::Done).count()
    }

    /// What the input of a starting tool call says about the list.
    pub fn note_call(&mut self, tool: &str, input: &Value) {
        match tool {
            "TodoWrite" => {
                let Some(todos) = input.get("todos").and_then(Value::as_array) else { return };
                self.items = todos.iter().take(MAX_ITEMS).filter_map(item_from_todo).collect();
            }
            "TaskUpdate" => self.update(input),
            _ => {}
        }
    }

    /// What the result of a finished tool call says about the list.
    pub fn note_result(&mut self, tool: &str, input: &Value, result: &Value) {
        if tool != "TaskCreate" || self.items.len() >= MAX_ITEMS {
            return;
        }
        let Some(text) = text_of(input, "subject").or_else(|| text_of(input, "description")) else { return };
        let id = result.get("task").and_then(|task| text_of(task, "id"));
        self.items.push(TodoItem { id, text, state: TodoState::Pending });
    }

    fn update(&mut self, input: &Value) {
        let Some(id) = text_of(input, "taskId") else { return };
        if text_of(input, "status").as_deref() == Some("deleted") {
            self.items.retain(|item| item.id.as_deref() != Some(&id));
            return;
        }
        let Some(item) = self.items.iter_mut().find(|item| item.id.as_deref() == Some(&id)) else { return };
        if let Some(state) = text_of(input, "status").as_deref().and_then(state_of) {
            item.state = state;
        }
        if let Some(text) = text_of(input, "subject") {
            item.text = text;
        }
    }
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn state_of(word: &str) -> Option<TodoState> {
    match word {
        "pending" => Some(TodoState::Pending),
        "in_progress" => Some(TodoState::InProgress),
        "completed" => Some(TodoState::Done),
        _ => None,
    }
}

fn item_from_todo(todo: &Value) -> Option<TodoItem> {
    Some(TodoItem {
        id: None,
        text: text_of(todo, "content")?,
        state: text_of(todo, "status").as_deref().and_then(state_of).unwrap_or(TodoState::Pending),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn todo_write_replaces_the_list() {
        let mut list = TodoList::default();
        list.note_call(
            "TodoWrite",
            &json!({"todos": [{"content": "a", "status": "completed"}, {"content": "b", "status": "in_progress"}, 7]}),
        );
        assert_eq!((list.items.len(), list.done()), (2, 1));
        list.note_call("TodoWrite", &json!({"todos": []}));
        assert!(list.items.is_empty());
        list.note_call("TodoWrite", &json!("nonsense"));
    }

    #[test]
    fn task_tools_change_one_step() {
        let mut list = TodoList::default();
        list.note_result("TaskCreate", &json!({"subject": "one"}), &json!({"task": {"id": "1"}}));
        list.note_result("TaskCreate", &json!({"subject": "two"}), &json!({"task": {"id": 2}}));
        list.note_call("TaskUpdate", &json!({"taskId": "2", "status": "completed", "subject": "zwei"}));
        assert_eq!(list.items[1].state, TodoState::Done);
        assert_eq!(list.items[1].text, "zwei");
        list.note_call("TaskUpdate", &json!({"taskId": "1", "status": "deleted"}));
        assert_eq!(list.items.len(), 1);
        list.note_call("TaskUpdate", &json!({"taskId": "99", "status": "completed"}));
    }
}
