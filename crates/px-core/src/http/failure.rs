//! Errors of use cases as answers.

use px_web::Failure;

use crate::app::error::AppError;

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Problem(problem) => (*problem).into(),
            AppError::Store(error) => error.into(),
        }
    }
}
