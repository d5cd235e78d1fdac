//! `--set METRIC.FIELD=VALUE`: one field of a metric, without another file.

use serde_json::Value;

use crate::text::nearest_word;

/// Fields of a metric, and where each stands.
const FIELDS: [(&str, &[&str]); 13] = [
    ("interval", &["interval"]),
    ("initialDelay", &["initialDelay"]),
    ("count", &["count"]),
    ("failureLimit", &["failureLimit"]),
    ("inconclusiveLimit", &["inconclusiveLimit"]),
    ("consecutiveErrorLimit", &["consecutiveErrorLimit"]),
    ("consecutiveSuccessLimit", &["consecutiveSuccessLimit"]),
    ("successCondition", &["successCondition"]),
    ("failureCondition", &["failureCondition"]),
    ("query", &["provider", "prometheus", "query"]),
    ("address", &["provider", "prometheus", "address"]),
    ("url", &["provider", "web", "url"]),
    ("jsonPath", &["provider", "web", "jsonPath"]),
];

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub metric: String,
    pub field: &'static str,
    pub value: String,
    path: &'static [&'static str],
}

impl std::str::FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = "METRIC.FIELD=VALUE, like error-rate.failureLimit=2";
        let (named, value) = text.split_once('=').ok_or(form)?;
        let (metric, typed) = named.rsplit_once('.').filter(|(metric, _)| !metric.is_empty()).ok_or(form)?;
        let known = FIELDS.iter().find(|(name, _)| *name == typed);
        let (field, path) = known.copied().ok_or_else(|| {
            let all: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            let near = nearest_word(typed, all.iter().copied());
            let hint =
                near.map_or_else(|| format!("one of {}", all.join(", ")), |near| format!("did you mean {near}?"));
            format!("\"{}\" is no field that can be set: {hint}", typed.escape_debug())
        })?;
        Ok(Self { metric: metric.to_owned(), field, value: value.to_owned(), path })
    }
}

/// Sets them, in order.
///
/// # Errors
/// Where one is for no metric, or for a field that this one hasn't.
pub fn set(metrics: &mut [Value], overrides: &[Override]) -> Result<(), String> {
    for one in overrides {
        let names: Vec<String> =
            metrics.iter().filter_map(|metric| metric["name"].as_str().map(str::to_owned)).collect();
        let metric = metrics.iter_mut().find(|metric| metric["name"] == one.metric.as_str());
        let metric = metric.ok_or_else(|| {
            let near = nearest_word(&one.metric, names.iter().map(String::as_str));
            let hint =
                near.map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("did you mean {near}?"));
            format!("there is no metric {:?}: {hint}", one.metric)
        })?;
        one.write(metric)?;
    }
    Ok(())
}

impl Override {
    fn write(&self, metric: &mut Value) -> Result<(), String> {
        let Some((last, before)) = self.path.split_last() else { return Ok(()) };
        let of_provider = before.iter().try_fold(&mut *metric, |value, name| value.get_mut(*name));
        let fields = of_provider.and_then(Value::as_object_mut);
        let fields =
            fields.ok_or_else(|| format!("metric {:?} has no {}: it asks somebody else", self.metric, self.field))?;
        // A text is read as what the field is: numbers may be one, too.
        fields.insert((*last).to_owned(), Value::String(self.value.clone()));
        Ok(())
    }
}
