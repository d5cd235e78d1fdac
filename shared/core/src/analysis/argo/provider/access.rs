//! What is sent along so that a server answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A header that is sent with it. Its value may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub key: String,
    pub value: String,
}

/// Who we are to a server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authentication {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sigv4: Option<Value>,
}

/// A token is asked for first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OAuth2 {
    pub token_url: String,
    pub client_id: String,
    pub client_secret: String,
    pub scopes: Vec<String>,
}

impl Authentication {
    /// Whether requests are to be signed for AWS, which nobody does here.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.sigv4.is_some()
    }

    /// Argo asks without a token where part of it is missing.
    ///
    /// # Errors
    /// In words.
    pub fn check(&self) -> Result<(), String> {
        let Some(oauth2) = &self.oauth2 else { return Ok(()) };
        let is_whole =
            [&oauth2.token_url, &oauth2.client_id, &oauth2.client_secret].iter().all(|part| !part.is_empty());
        if is_whole { Ok(()) } else { Err("authentication.oauth2 says tokenUrl, clientId and clientSecret".into()) }
    }
}
