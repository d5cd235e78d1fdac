//! A path into JSON as `kubectl` and Argo's web metrics write it: client-go's own dialect, which is no RFC 9535
//! (`k8s.io/client-go/util/jsonpath` v0.34.5). What Argo takes of an answer is the first value that it finds.

mod compared;
mod find;
mod found;
mod node;
mod quoted;
mod reader;

#[cfg(test)]
mod tests;

use serde_json::Value;

use find::Finder;
use node::Node;

/// Nobody writes longer ones.
const LONGEST: usize = 2000;

/// A path that can be followed.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
}

impl JsonPath {
    /// Reads one.
    ///
    /// # Errors
    /// Where client-go would not.
    pub fn of(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a path has at most {LONGEST} bytes"));
        }
        Ok(Self { nodes: reader::read(text)? })
    }

    /// Every value that it finds, block by block.
    ///
    /// # Errors
    /// Where a field or an index isn't there, or things are compared that can't be.
    pub fn all(&self, json: &Value) -> Result<Vec<Vec<Value>>, String> {
        let blocks = Finder::default().blocks(&self.nodes, json)?;
        Ok(blocks.into_iter().map(|block| block.into_iter().map(found::Found::value).collect()).collect())
    }

    /// The first value that it finds.
    ///
    /// # Errors
    /// As [`JsonPath::all`], and where it finds nothing.
    pub fn first(&self, json: &Value) -> Result<Value, String> {
        let first = self.all(json)?.into_iter().flatten().next();
        first.ok_or_else(|| "the path finds nothing".to_owned())
    }
}
