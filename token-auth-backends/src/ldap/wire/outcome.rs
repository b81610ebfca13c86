//! How results are shown in a log.

use std::fmt;

use super::message::Outcome;

impl Outcome {
    /// The name of the result (RFC 4511, appendix A).
    fn name(&self) -> &'static str {
        match self.code {
            0 => "success",
            1 => "operationsError",
            2 => "protocolError",
            3 => "timeLimitExceeded",
            4 => "sizeLimitExceeded",
            7 => "authMethodNotSupported",
            8 => "strongerAuthRequired",
            10 => "referral",
            11 => "adminLimitExceeded",
            12 => "unavailableCriticalExtension",
            13 => "confidentialityRequired",
            14 => "saslBindInProgress",
            16 => "noSuchAttribute",
            17 => "undefinedAttributeType",
            18 => "inappropriateMatching",
            19 => "constraintViolation",
            21 => "invalidAttributeSyntax",
            32 => "noSuchObject",
            33 => "aliasProblem",
            34 => "invalidDNSyntax",
            36 => "aliasDereferencingProblem",
            48 => "inappropriateAuthentication",
            49 => "invalidCredentials",
            50 => "insufficientAccessRights",
            51 => "busy",
            52 => "unavailable",
            53 => "unwillingToPerform",
            54 => "loopDetect",
            80 => "other",
            _ => "unknown",
        }
    }
}

/// The result's number and name, and what the server says about it: one line, and not a long one.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "result {} ({})", self.code, self.name())?;
        let text = crate::ldap::failure::shortened(self.text.trim_matches(['\0', ' ', '\n']));
        if !text.is_empty() {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}
