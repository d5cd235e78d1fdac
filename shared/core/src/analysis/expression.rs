//! A condition of a metric: [expr](https://expr-lang.org) as Argo evaluates it, over what Prometheus answered.
//!
//! `expr-lang` evaluates. What Go does otherwise is closed here: its types are static, so that a comparison of unlike
//! kinds is an error and no `false`, and an index that is out of range is an error and no `nil`.

mod answer;
mod kinds;
mod reader;
mod tokens;
mod tree;

#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use expr::{Context, Environment, Error, Program, Value};

pub use answer::Answer;
use kinds::{Kind, kind_of};
use tree::{Node, calls, indexed_safely, loops, names_result, walk};

/// Characters of a condition; nobody reads longer ones.
const LONGEST: usize = 2000;
/// Steps of an evaluation; each loop in another one multiplies them.
const MOST_STEPS: u64 = 10_000_000;
/// What an index becomes, so that it can fail: no name of a condition, which has no `$`.
const AT: &str = "at__";

/// A condition that can be evaluated.
#[derive(Clone)]
pub struct Condition {
    text: String,
    tree: Node,
    program: Program,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

impl Condition {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it: no expression, one that can't be meant, or one that is too much.
    pub fn of(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("a condition has at most {LONGEST} characters"));
        }
        let tree = reader::read(text)?;
        never_works(&tree)?;
        let safe = indexed_safely(text, &tree, AT);
        let compiled = catch_unwind(|| expr::compile(&safe)).map_err(|_| "it can't be read".to_owned())?;
        let program = compiled.map_err(|_| "it is no expression".to_owned())?;
        Ok(Self { text: text.to_owned(), tree, program })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks for something by a name, which numbers don't have.
    #[must_use]
    pub fn asks_by_name(&self) -> bool {
        let mut is_there = false;
        walk(&self.tree, &mut |part| is_there |= matches!(part, Node::Member { .. }));
        is_there
    }

    /// Whether it says itself what an empty answer is.
    #[must_use]
    pub fn tells_of_empty(&self) -> bool {
        calls(&self.tree, &["len", "isNil"])
    }

    /// Whether it says itself what an answer is that is no number.
    #[must_use]
    pub fn tells_of_nan(&self) -> bool {
        calls(&self.tree, &["isNaN"])
    }

    /// Whether it holds of an answer.
    ///
    /// # Errors
    /// Why that can't be said: kinds that can't be compared, an index out of range, a result that is no boolean.
    pub fn holds(&self, answer: &Answer) -> Result<bool, String> {
        kind_of(&self.tree, &Kind::of(answer))?;
        let steps = answer.size().max(200).saturating_pow(loops(&self.tree));
        if steps > MOST_STEPS {
            return Err("it goes through the answer in loops within loops: that is too much".to_owned());
        }
        let environment = environment(answer);
        let mut context = Context::default();
        context.insert("result", value(answer));
        let run = || environment.run(&self.program, &context);
        let ran = catch_unwind(AssertUnwindSafe(run)).map_err(|_| "it can't be evaluated".to_owned())?;
        match ran.map_err(|error| first_line(&error.to_string()))? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("a condition is true or false, and this is {}", shown(&other))),
        }
    }
}

/// Argo's `default` looks at the whole result and never at its first argument: of a vector it is an error, whatever
/// the answer was.
fn never_works(tree: &Node) -> Result<(), String> {
    let mut wrong = None;
    walk(tree, &mut |node| {
        let Node::Call { name, arguments, .. } = node else { return };
        if name == "default" && arguments.first().is_some_and(|first| names_result(first) && !first.is_name()) {
            wrong = Some(
                "default() returns the whole result, whatever its first argument is, as in Argo: it never \
                          works with result[0]; write `len(result) == 0 || …`, or `or vector(0)` in the query",
            );
        }
    });
    wrong.map_or(Ok(()), |why| Err(why.to_owned()))
}

fn value(answer: &Answer) -> Value {
    match answer {
        Answer::Scalar(number) => Value::Float(*number),
        Answer::Vector(numbers) => Value::Array(numbers.iter().map(|number| Value::Float(*number)).collect()),
        Answer::Json(json) => of_json(json),
    }
}

/// Every number is a float, as Go reads JSON.
fn of_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(of_json).collect()),
        serde_json::Value::Object(fields) => {
            Value::Map(fields.iter().map(|(name, value)| (name.clone(), of_json(value))).collect())
        }
    }
}

/// The functions of the language, and those that Argo adds.
fn environment(answer: &Answer) -> Environment<'static> {
    let mut all = Environment::new();
    let whole = value(answer);
    all.add_function("default", move |call| match (&whole, call.args.get(1)) {
        (Value::Nil, Some(other)) => Ok(other.clone()),
        (whole, _) => Ok(whole.clone()),
    });
    let is_nil = matches!(answer, Answer::Json(serde_json::Value::Null));
    all.add_function("isNil", move |_| Ok(Value::Bool(is_nil)));
    all.add_function("isNaN", |call| Ok(Value::Bool(number(&call.args)?.is_nan())));
    all.add_function("isInf", |call| Ok(Value::Bool(number(&call.args)?.is_infinite())));
    all.add_function("asFloat", |call| Ok(Value::Float(parsed(&call.args)?)));
    all.add_function("asInt", |call| match call.args.as_slice() {
        // Of a text Go takes whole numbers alone.
        [Value::String(text)] => {
            text.parse().map(Value::Integer).map_err(|_| Error::ExprError(format!("{text:?} is no whole number")))
        }
        arguments => whole_number(parsed(arguments)?),
    });
    all.add_function(AT, |call| match call.args.as_slice() {
        [Value::Array(items), Value::Integer(at)] => item(items, *at),
        // In Go what a map hasn't is nil.
        [Value::Map(fields), Value::String(name)] => Ok(fields.get(name).cloned().unwrap_or(Value::Nil)),
        [_, Value::String(name)] => Err(Error::ExprError(format!("there is no {name:?}: it is of no map"))),
        [_, Value::Integer(_)] => Err(Error::ExprError("only a list has an index".into())),
        _ => Err(Error::ExprError("an index is a whole number".into())),
    });
    all
}

/// The item of a list; from its end where the index is below zero.
fn item(items: &[Value], at: i64) -> expr::Result<Value> {
    let distance = usize::try_from(at.unsigned_abs()).ok();
    let index = distance.and_then(|by| if at < 0 { items.len().checked_sub(by) } else { Some(by) });
    let found = index.and_then(|index| items.get(index)).cloned();
    let why = if items.is_empty() { "the answer is empty".to_owned() } else { format!("there are {}", items.len()) };
    found.ok_or_else(|| Error::ExprError(format!("index {at} is out of range: {why}")))
}

fn number(arguments: &[Value]) -> expr::Result<f64> {
    match arguments {
        [Value::Float(number)] => Ok(*number),
        #[expect(clippy::cast_precision_loss, reason = "as Go converts it")]
        [Value::Integer(number)] => Ok(*number as f64),
        _ => Err(Error::ExprError("one number is expected".into())),
    }
}

fn parsed(arguments: &[Value]) -> expr::Result<f64> {
    match arguments {
        [Value::String(text)] => text.parse().map_err(|_| Error::ExprError(format!("{text:?} is no number"))),
        _ => number(arguments),
    }
}

/// Cut off at the point, as Go does it.
fn whole_number(number: f64) -> expr::Result<Value> {
    #[expect(clippy::cast_possible_truncation, reason = "it is meant, and saturates")]
    let whole = number as i64;
    if number.is_finite() {
        Ok(Value::Integer(whole))
    } else {
        Err(Error::ExprError(format!("{number} is no integer")))
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        other => other.to_string().chars().take(40).collect(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}
