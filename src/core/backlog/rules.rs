//! The changes, each made wholly or refused.

use super::Backlog;
use super::Draft;
use super::Edit;
use super::Feature;
use super::FeatureId;
use super::MAX_FEATURES;
use super::MAX_NAME;
use super::MAX_STEPS;
use super::MAX_TEXT;
use super::Needs;
use super::Refused;
use super::Standing;
use super::Status;
use super::Timestamp;
use super::What;
use super::Who;

impl Backlog {
    /// Adds all drafts, or none.
    pub fn create(&mut self, drafts: Vec<Draft>, who: &Who, now: Timestamp) -> Result<Vec<FeatureId>, Refused> {
        let total = self.features.len() + drafts.len();
        if total > MAX_FEATURES {
            return Err(Refused::Full(total));
        }
        let places: Vec<String> = match drafts.as_slice() {
            [_] => vec!["the feature".to_owned()],
            all => (1..).zip(all).map(|(n, draft)| place(n, &draft.name)).collect(),
        };
        let first = self.last.0;
        let id_of = |index: usize| FeatureId(first.saturating_add(u32::try_from(index + 1).unwrap_or(u32::MAX)));
        let mut added = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.into_iter().enumerate() {
            let place = &places[index];
            let mut depends_on = Vec::new();
            for needs in draft.depends_on {
                let id = match needs {
                    Needs::Draft(at) if at < places.len() => id_of(at),
                    Needs::Draft(at) => {
                        return Err(Refused::NoDraft { place: place.clone(), index: at, len: places.len() });
                    }
                    Needs::Feature(id) if self.get(id).is_ok() => id,
                    Needs::Feature(id) => return Err(Refused::NoDependency { place: place.clone(), id }),
                };
                if !depends_on.contains(&id) {
                    depends_on.push(id);
                }
            }
            let feature = Feature {
                id: id_of(index),
                category: checked(place, "the category", draft.category, MAX_NAME)?,
                name: checked(place, "the name", draft.name, MAX_NAME)?,
                description: checked(place, "the description", draft.description, MAX_TEXT)?,
                steps: steps(place, draft.steps)?,
                status: if draft.evidence.is_some() { Status::Passing } else { Status::Todo },
                skipped: 0,
                depends_on,
                worker: None,
                evidence: draft.evidence.map(|text| checked(place, "the evidence", text, MAX_TEXT)).transpose()?,
                made_by: who.clone(),
                made: now,
                changed: now,
            };
            if feature.name.is_empty() {
                return Err(Refused::Empty { place: place.clone(), what: "the name" });
            }
            if feature.depends_on.len() > MAX_STEPS {
                return Err(Refused::TooMany { place: place.clone(), what: "dependencies", most: MAX_STEPS });
            }
            added.push(feature);
        }
        if let Some(cycle) = cycle(&added) {
            let place = cycle.first().and_then(|id| position(&added, *id)).map_or("the list", |at| &places[at]);
            let name =
                |id: &FeatureId| position(&added, *id).map_or_else(|| id.to_string(), |at| added[at].name.clone());
            return Err(Refused::Cycle { place: place.to_owned(), cycle: cycle.iter().map(name).collect() });
        }
        let ids: Vec<FeatureId> = added.iter().map(|feature| feature.id).collect();
        self.last = ids.last().copied().unwrap_or(self.last);
        self.log.extend(ids.iter().map(|id| (*id, What::Created)));
        self.features.append(&mut added);
        Ok(ids)
    }

    /// Changes the texts of a feature.
    pub fn edit(&mut self, id: FeatureId, edit: Edit, now: Timestamp) -> Result<(), Refused> {
        let place = format!("feature {id}");
        let category = edit.category.map(|text| checked(&place, "the category", text, MAX_NAME)).transpose()?;
        let name = edit.name.map(|text| checked(&place, "the name", text, MAX_NAME)).transpose()?;
        if name.as_ref().is_some_and(String::is_empty) {
            return Err(Refused::Empty { place, what: "the name" });
        }
        let description =
            edit.description.map(|text| checked(&place, "the description", text, MAX_TEXT)).transpose()?;
        let new_steps = edit.steps.map(|list| steps(&place, list)).transpose()?;
        self.change(id, What::Edited, now, |feature| {
            feature.category = category.unwrap_or_else(|| std::mem::take(&mut feature.category));
            feature.name = name.unwrap_or_else(|| std::mem::take(&mut feature.name));
            feature.description = description.unwrap_or_else(|| std::mem::take(&mut feature.description));
            feature.steps = new_steps.unwrap_or_else(|| std::mem::take(&mut feature.steps));
        })
    }

    /// Puts a feature at another place of the order, counted from 1.
    pub fn reorder(&mut self, id: FeatureId, to: usize, now: Timestamp) -> Result<(), Refused> {
        let at = self.place_of(id)?;
        let feature = self.features.remove(at);
        self.features.insert(to.saturating_sub(1).min(self.features.len()), feature);
        self.change(id, What::Moved, now, |_| {})
    }

    /// Puts a feature off to the end of the order. One that is in progress is set back first.
    pub fn skip(&mut self, id: FeatureId, who: &Who, now: Timestamp) -> Result<(), Refused> {
        let feature = self.get(id)?;
        match feature.status {
            Status::Passing => return Err(Refused::Passes(id)),
            Status::InProgress => may_touch(feature, who)?,
            Status::Todo => {}
        }
        let at = self.place_of(id)?;
        let feature = self.features.remove(at);
        self.features.push(feature);
        self.change(id, What::Skipped, now, |feature| {
            feature.skipped = feature.skipped.saturating_add(1);
            feature.status = Status::Todo;
            feature.worker = None;
        })
    }

    /// Gives the first ready feature to somebody.
    pub fn claim_next(&mut self, who: &Who, now: Timestamp) -> Result<FeatureId, Refused> {
        let ready = self.standings().into_iter().find(|(_, standing)| *standing == Standing::Ready);
        let Some((feature, _)) = ready else {
            return Err(Refused::NothingReady { n_blocked: self.stats().blocked });
        };
        let id = feature.id;
        self.begin(id, who, now)?;
        Ok(id)
    }

    /// Gives a feature to somebody. Nothing changes when they have it already.
    pub fn begin(&mut self, id: FeatureId, who: &Who, now: Timestamp) -> Result<(), Refused> {
        let feature = self.get(id)?;
        match feature.status {
            Status::Passing => return Err(Refused::Passes(id)),
            Status::InProgress => return may_touch(feature, who),
            Status::Todo => {}
        }
        let waits_for = self.waits_for(feature);
        if !waits_for.is_empty() {
            return Err(Refused::Blocked { id, waits_for });
        }
        self.change(id, What::Claimed, now, |feature| {
            feature.status = Status::InProgress;
            feature.worker = Some(who.clone());
        })
    }

    /// Sets a feature back to be done; nobody works on it any more.
    pub fn set_back(&mut self, id: FeatureId, who: &Who, now: Timestamp) -> Result<(), Refused> {
        let feature = self.get(id)?;
        if feature.status != Status::InProgress {
            return Err(Refused::NotBegun(id));
        }
        may_touch(feature, who)?;
        self.change(id, What::SetBack, now, |feature| {
            feature.status = Status::Todo;
            feature.worker = None;
        })
    }

    /// Says that a feature passes, and what shows it. A person may say so of one that nobody began.
    pub fn pass(&mut self, id: FeatureId, evidence: String, who: &Who, now: Timestamp) -> Result<(), Refused> {
        let feature = self.get(id)?;
        match (feature.status, who) {
            (Status::Passing, _) => return Err(Refused::Passes(id)),
            (Status::Todo, Who::Session(_) | Who::Client(_)) => return Err(Refused::NotBegun(id)),
            (Status::Todo, Who::Person) => {}
            (Status::InProgress, _) => may_touch(feature, who)?,
        }
        let evidence = checked(&format!("feature {id}"), "the evidence", evidence, MAX_TEXT)?;
        if evidence.is_empty() {
            return Err(Refused::NoEvidence);
        }
        self.change(id, What::Passed, now, |feature| {
            feature.status = Status::Passing;
            feature.worker = None;
            feature.evidence = Some(evidence);
        })
    }

    /// Takes back that a feature passes.
    pub fn reopen(&mut self, id: FeatureId, now: Timestamp) -> Result<(), Refused> {
        if self.get(id)?.status != Status::Passing {
            return Err(Refused::NotPassing(id));
        }
        self.change(id, What::Reopened, now, |feature| {
            feature.status = Status::Todo;
            feature.evidence = None;
        })
    }

    pub fn add_dependency(&mut self, id: FeatureId, needs: FeatureId, now: Timestamp) -> Result<(), Refused> {
        self.get(needs)?;
        let feature = self.get(id)?;
        if feature.depends_on.contains(&needs) {
            return Ok(());
        }
        let place = format!("feature {id}");
        if feature.depends_on.len() >= MAX_STEPS {
            return Err(Refused::TooMany { place, what: "dependencies", most: MAX_STEPS });
        }
        if let Some(mut path) = self.path(needs, id) {
            path.insert(0, id);
            return Err(Refused::Cycle { place, cycle: path.iter().map(ToString::to_string).collect() });
        }
        self.change(id, What::DependencyAdded, now, |feature| feature.depends_on.push(needs))
    }

    pub fn remove_dependency(&mut self, id: FeatureId, needs: FeatureId, now: Timestamp) -> Result<(), Refused> {
        if !self.get(id)?.depends_on.contains(&needs) {
            return Err(Refused::NoSuchDependency { id, needs });
        }
        self.change(id, What::DependencyRemoved, now, |feature| feature.depends_on.retain(|other| *other != needs))
    }

    /// Takes a feature out. `force`: others may depend on it, and lose that dependency; somebody may work on it.
    pub fn remove(&mut self, id: FeatureId, force: bool, now: Timestamp) -> Result<(), Refused> {
        let feature = self.get(id)?;
        if let (Some(by), false) = (&feature.worker, force) {
            return Err(Refused::Taken { id, by: by.clone() });
        }
        let by: Vec<FeatureId> =
            self.features.iter().filter(|other| other.depends_on.contains(&id)).map(|other| other.id).collect();
        if !by.is_empty() && !force {
            return Err(Refused::Needed { id, by });
        }
        for other in by {
            self.remove_dependency(other, id, now)?;
        }
        let at = self.place_of(id)?;
        self.features.remove(at);
        self.log.push((id, What::Removed));
        Ok(())
    }

    fn change(
        &mut self,
        id: FeatureId,
        what: What,
        now: Timestamp,
        change: impl FnOnce(&mut Feature),
    ) -> Result<(), Refused> {
        let at = self.place_of(id)?;
        let feature = &mut self.features[at];
        change(feature);
        feature.changed = now;
        self.log.push((id, what));
        Ok(())
    }

    fn place_of(&self, id: FeatureId) -> Result<usize, Refused> {
        position(&self.features, id).ok_or(Refused::Unknown(id))
    }

    /// How one feature leads to another by dependencies, both ends named.
    fn path(&self, from: FeatureId, to: FeatureId) -> Option<Vec<FeatureId>> {
        let mut came_from = std::collections::HashMap::from([(from, None)]);
        let mut waiting = std::collections::VecDeque::from([from]);
        while let Some(at) = waiting.pop_front() {
            if at == to {
                let mut path = vec![at];
                let mut here = at;
                while let Some(Some(before)) = came_from.get(&here) {
                    path.insert(0, *before);
                    here = *before;
                }
                return Some(path);
            }
            for next in self.get(at).map(|feature| feature.depends_on.as_slice()).unwrap_or_default() {
                if !came_from.contains_key(next) {
                    came_from.insert(*next, Some(at));
                    waiting.push_back(*next);
                }
            }
        }
        None
    }
}

/// A person may touch everything, others what they work on themselves.
fn may_touch(feature: &Feature, who: &Who) -> Result<(), Refused> {
    match &feature.worker {
        Some(worker) if worker != who && *who != Who::Person => {
            Err(Refused::Taken { id: feature.id, by: worker.clone() })
        }
        _ => Ok(()),
    }
}

fn position(features: &[Feature], id: FeatureId) -> Option<usize> {
    features.iter().position(|feature| feature.id == id)
}

/// A cycle among new features, its first one repeated at its end. They only depend on older ones, which cannot
/// depend on them, and on each other.
fn cycle(added: &[Feature]) -> Option<Vec<FeatureId>> {
    let first = added.first()?.id.0;
    let at = |id: FeatureId| id.0.checked_sub(first).and_then(|at| usize::try_from(at).ok());
    let is_new = |id: &FeatureId| at(*id).is_some_and(|at| at < added.len());
    // How many of its dependencies each still waits for; what waits for none is taken away until nothing is left.
    let mut waits: Vec<usize> =
        added.iter().map(|feature| feature.depends_on.iter().filter(|id| is_new(id)).count()).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); added.len()];
    for (index, feature) in added.iter().enumerate() {
        for needs in feature.depends_on.iter().copied().filter(|id| is_new(id)).filter_map(at) {
            dependents[needs].push(index);
        }
    }
    let mut free: Vec<usize> = (0..added.len()).filter(|index| waits[*index] == 0).collect();
    while let Some(index) = free.pop() {
        for dependent in &dependents[index] {
            waits[*dependent] -= 1;
            if waits[*dependent] == 0 {
                free.push(*dependent);
            }
        }
    }
    // Whoever is left waits for another that is left: following that comes back to where one was.
    let mut here = (0..added.len()).find(|index| waits[*index] > 0)?;
    let mut walked = Vec::new();
    while !walked.contains(&here) {
        walked.push(here);
        here = added[here]
            .depends_on
            .iter()
            .copied()
            .filter_map(at)
            .find(|next| waits.get(*next).is_some_and(|n| *n > 0))?;
    }
    let start = walked.iter().position(|index| *index == here)?;
    walked.push(here);
    Some(walked[start..].iter().map(|index| added[*index].id).collect())
}

fn place(n: usize, name: &str) -> String {
    let name: String = name.trim().chars().take(40).collect();
    if name.is_empty() { format!("number {n}") } else { format!("number {n} ({name})") }
}

fn checked(place: &str, what: &'static str, text: String, most: usize) -> Result<String, Refused> {
    let found = text.chars().count();
    if found > most {
        return Err(Refused::TooLong { place: place.to_owned(), what, found, most });
    }
    Ok(if text.trim().len() == text.len() { text } else { text.trim().to_owned() })
}

fn steps(place: &str, list: Vec<String>) -> Result<Vec<String>, Refused> {
    if list.len() > MAX_STEPS {
        return Err(Refused::TooMany { place: place.to_owned(), what: "steps", most: MAX_STEPS });
    }
    let list = list.into_iter().map(|step| checked(place, "a step", step, MAX_TEXT));
    let list: Result<Vec<String>, Refused> = list.collect();
    Ok(list?.into_iter().filter(|step| !step.is_empty()).collect())
}
