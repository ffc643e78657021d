//! From the text of an expression to an [`expression`](super::expression) whose names and types are right.
//!
//! The crate `cel` reads the text; what it means is said here. Its own interpreter knows no place of an
//! error, refuses `2.5 * makespan` (whole numbers and others do not mix in CEL) and divides whole numbers
//! without their remainder; claims are better served by one kind of number.

use std::ops::Range;

use cel::common::ast::operators as op;
use cel::common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, SourceInfo};
use cel::parser::{Expression, ParseError, ParseErrors, Parser};

use super::expression::{Comparison, Number, Operation, Text, Truth};
use super::metric::{self, Measure, Metric, Which};
use gilsim_scenario::claims::{Constant, Given, Located, Tolerance, Values};
use gilsim_scenario::{Fault, shortened};

/// Bytes of an expression: far more than anybody can read.
const LONGEST: usize = 4_000;

/// The functions that expressions know.
const FUNCTIONS: [&str; 3] = ["abs", "max", "min"];

/// The names that the expressions of a claim may use, and the metrics that they did.
#[derive(Debug)]
pub(super) struct Scope<'g> {
    pub(super) given: &'g [Given],
    pub(super) metrics: Vec<Metric>,
}

/// Something of a type that shows as one goes.
enum Any {
    Number(Number),
    Truth(Truth),
    Text(Text),
}

impl Any {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Truth(_) => "true or false",
            Self::Text(_) => "a text",
        }
    }
}

/// Reads an expression that is true or false.
///
/// # Errors
/// With what is wrong with it.
pub(super) fn truth(
    text: &Located,
    scope: &mut Scope<'_>,
    tolerance: Tolerance,
    in_when: bool,
) -> Result<Truth, Vec<Fault>> {
    if text.text().len() > LONGEST {
        let title = format!("an expression has at most {LONGEST} characters");
        return Err(vec![text.fault(0..0, title)]);
    }
    let parsed = Parser::new().parse_with_source_info(text.text());
    let (expression, info) = parsed.map_err(|errors| vec![syntax(text, &errors)])?;
    let mut reader = ExpressionReader { text, info, scope, tolerance, in_when, faults: Vec::new() };
    match reader.truth(&expression) {
        Some(truth) if reader.faults.is_empty() => Ok(truth),
        _ => Err(reader.faults),
    }
}

struct ExpressionReader<'a, 'g> {
    text: &'a Located,
    info: SourceInfo,
    scope: &'a mut Scope<'g>,
    tolerance: Tolerance,
    in_when: bool,
    faults: Vec<Fault>,
}

impl ExpressionReader<'_, '_> {
    fn refuse<T>(&mut self, fault: Fault) -> Option<T> {
        self.faults.push(fault);
        None
    }

    fn truth(&mut self, expression: &Expression) -> Option<Truth> {
        match self.any(expression)? {
            Any::Truth(truth) => Some(truth),
            other => self.expected(expression, "true or false", &other),
        }
    }

    fn number(&mut self, expression: &Expression) -> Option<Number> {
        match self.any(expression)? {
            Any::Number(number) => Some(number),
            other => self.expected(expression, "a number", &other),
        }
    }

    fn expected<T>(&mut self, expression: &Expression, asked: &str, found: &Any) -> Option<T> {
        let title = format!("expected {asked}, found {}", found.kind());
        let fault = self.text.fault(self.span(expression), title);
        let label = match (asked, found) {
            ("true or false", Any::Number(_)) => {
                "expected a comparison, as in `a.makespan <= b.makespan`"
            }
            _ => "",
        };
        self.refuse(fault.label(label))
    }

    fn any(&mut self, expression: &Expression) -> Option<Any> {
        match &expression.expr {
            Expr::Literal(literal) => self.literal(expression, literal),
            Expr::Ident(name) => self.given(expression, name),
            Expr::Select(select) => self.metric(expression, select).map(Any::Number),
            Expr::Call(call) if call.target.is_none() => self.call(expression, call),
            _ => self.unknown(expression),
        }
    }

    fn unknown<T>(&mut self, expression: &Expression) -> Option<T> {
        let fault = self.text.fault(self.span(expression), "claims do not know this");
        self.refuse(fault.label(
            "expected numbers, names, `LABEL.METRIC`, + - * / %, comparisons, && || !, min, max, abs",
        ))
    }

    fn literal(&mut self, expression: &Expression, literal: &LiteralValue) -> Option<Any> {
        let number = |number: f64| Some(Any::Number(Number::Literal(number)));
        match literal {
            #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
            LiteralValue::Int(whole) => number(*whole.inner() as f64),
            #[expect(clippy::cast_precision_loss, reason = "expressions reckon with doubles")]
            LiteralValue::UInt(whole) => number(*whole.inner() as f64),
            LiteralValue::Double(double) if double.inner().is_finite() => number(*double.inner()),
            LiteralValue::Boolean(truth) => Some(Any::Truth(Truth::Literal(*truth.inner()))),
            LiteralValue::String(text) => Some(Any::Text(Text::Literal(text.inner().to_owned()))),
            _ => self.unknown(expression),
        }
    }

    /// A drawn value.
    fn given(&mut self, expression: &Expression, name: &str) -> Option<Any> {
        let found = self.scope.given.iter().position(|given| given.name == name);
        if let Some(position) = found {
            return Some(match first_value(&self.scope.given[position].values) {
                Constant::Number(_) => Any::Number(Number::Given(position)),
                Constant::Truth(_) => Any::Truth(Truth::Given(position)),
                Constant::Text(_) => Any::Text(Text::Given(position)),
            });
        }
        let title = format!("`{}` is not among `given`", shortened(name));
        let names = self.scope.given.iter().map(|given| given.name.as_str());
        let fault = self.text.fault(self.span(expression), title);
        let fault = fault.label("expected a drawn value, or `LABEL.METRIC`").suggest(name, names);
        self.refuse(fault)
    }

    /// A metric of a tool, `TOOL.METRIC`, or of an entry, `TOOL.entry[NAME].METRIC`.
    fn metric(&mut self, expression: &Expression, select: &SelectExpr) -> Option<Number> {
        let named = of_entry(&select.operand)
            .map(|(tool, entry)| (tool, Some(entry)))
            .or_else(|| Some((label(&select.operand)?, None)));
        let Some((label, entry)) = named.filter(|_| !select.test) else {
            return self.unknown(expression);
        };
        let span = self.span(expression);
        let column = self.column(&select.field, entry.is_some(), &span)?;
        let measure = Measure { entry, column };
        let metrics = &mut self.scope.metrics;
        let position = metrics.iter().position(|known| known.is(&label, &measure));
        Some(Number::Metric(position.unwrap_or_else(|| {
            metrics.push(Metric::new(label, measure, self.in_when, span));
            metrics.len() - 1
        })))
    }

    /// The column that a metric of that name is, at the end of a span.
    fn column(&mut self, field: &str, is_of_entry: bool, span: &Range<usize>) -> Option<usize> {
        let column = metric::column(field, is_of_entry);
        if column.is_some() {
            return column;
        }
        let known: Vec<&str> = metric::names(is_of_entry).collect();
        let of = if is_of_entry { " of an entry" } else { "" };
        let title = format!("there is no metric `{}`{of}", shortened(field));
        let start = span.end - field.len().min(span.end);
        let fault = self.text.fault(start..span.end, title);
        let help = format!("metrics{of}: {}", known.join(", "));
        self.refuse(fault.suggest(field, known).help(help))
    }

    fn call(&mut self, expression: &Expression, call: &CallExpr) -> Option<Any> {
        let comparison = match call.func_name.as_str() {
            op::LESS => Comparison::Less,
            op::LESS_EQUALS => Comparison::LessOrEqual,
            op::GREATER => Comparison::Greater,
            op::GREATER_EQUALS => Comparison::GreaterOrEqual,
            op::EQUALS => return self.equality(call, Comparison::Equal),
            op::NOT_EQUALS => return self.equality(call, Comparison::Unequal),
            op::LOGICAL_AND => return Some(Any::Truth(Truth::And(self.truths(call)?))),
            op::LOGICAL_OR => return Some(Any::Truth(Truth::Or(self.truths(call)?))),
            op::LOGICAL_NOT => return self.negation(call),
            op::CONDITIONAL => return self.conditional(call),
            _ => return self.arithmetic(expression, call),
        };
        let [left, right] = [self.number(&call.args[0]), self.number(&call.args[1])];
        let sides = Box::new([left?, right?]);
        Some(Any::Truth(Truth::Compare(comparison, sides, self.tolerance)))
    }

    fn truths(&mut self, call: &CallExpr) -> Option<Box<[Truth; 2]>> {
        let [left, right] = [self.truth(&call.args[0]), self.truth(&call.args[1])];
        Some(Box::new([left?, right?]))
    }

    /// A tolerance makes a comparison easier to meet; below a `!` it would make it harder, so there it is none.
    fn negation(&mut self, call: &CallExpr) -> Option<Any> {
        let tolerance = std::mem::replace(&mut self.tolerance, Tolerance::None);
        let truth = self.truth(&call.args[0]);
        self.tolerance = tolerance;
        Some(Any::Truth(Truth::Not(Box::new(truth?))))
    }

    fn equality(&mut self, call: &CallExpr, comparison: Comparison) -> Option<Any> {
        let sides = [self.any(&call.args[0]), self.any(&call.args[1])];
        let same = match sides {
            [Some(Any::Number(left)), Some(Any::Number(right))] => {
                let sides = Box::new([left, right]);
                return Some(Any::Truth(Truth::Compare(comparison, sides, self.tolerance)));
            }
            [Some(Any::Text(left)), Some(Any::Text(right))] => {
                Truth::SameText(Box::new([left, right]))
            }
            [Some(Any::Truth(left)), Some(Any::Truth(right))] => {
                Truth::BothOrNeither(Box::new([left, right]))
            }
            [Some(left), Some(right)] => {
                return self.expected(&call.args[1], left.kind(), &right);
            }
            _ => return None,
        };
        let differ = comparison == Comparison::Unequal;
        Some(Any::Truth(if differ { Truth::Not(Box::new(same)) } else { same }))
    }

    fn conditional(&mut self, call: &CallExpr) -> Option<Any> {
        let truth = self.truth(&call.args[0]);
        let sides = [self.any(&call.args[1]), self.any(&call.args[2])];
        match (truth, sides) {
            (Some(truth), [Some(Any::Number(yes)), Some(Any::Number(no))]) => {
                Some(Any::Number(Number::If(Box::new(truth), Box::new([yes, no]))))
            }
            (Some(truth), [Some(Any::Truth(yes)), Some(Any::Truth(no))]) => {
                Some(Any::Truth(Truth::If(Box::new(truth), Box::new([yes, no]))))
            }
            (Some(_), [Some(Any::Text(_)), Some(_)]) => self.unknown(&call.args[1]),
            (Some(_), [Some(yes), Some(no)]) => self.expected(&call.args[2], yes.kind(), &no),
            _ => None,
        }
    }

    fn arithmetic(&mut self, expression: &Expression, call: &CallExpr) -> Option<Any> {
        let operation = match call.func_name.as_str() {
            op::ADD => Operation::Add,
            op::SUBSTRACT => Operation::Subtract,
            op::MULTIPLY => Operation::Multiply,
            op::DIVIDE => Operation::Divide,
            op::MODULO => Operation::Remainder,
            op::NEGATE => {
                let number = self.number(&call.args[0])?;
                return Some(Any::Number(Number::Negative(Box::new(number))));
            }
            _ => return self.function(expression, call),
        };
        let [left, right] = [self.number(&call.args[0]), self.number(&call.args[1])];
        let place = self.span(expression);
        Some(Any::Number(Number::Arithmetic(operation, Box::new([left?, right?]), place)))
    }

    fn function(&mut self, expression: &Expression, call: &CallExpr) -> Option<Any> {
        let name = call.func_name.as_str();
        if name.starts_with(['_', '@']) && !FUNCTIONS.contains(&name) {
            return self.unknown(expression);
        }
        let span = self.span(expression);
        if !FUNCTIONS.contains(&name) {
            let title = format!("there is no function `{}`", shortened(name));
            let fault = self.text.fault(span.start..span.start + name.len(), title);
            return self.refuse(fault.suggest(name, FUNCTIONS));
        }
        let numbers: Vec<Option<Number>> =
            call.args.iter().map(|argument| self.number(argument)).collect();
        let mut numbers = numbers.into_iter().collect::<Option<Vec<Number>>>()?;
        match (name, numbers.len()) {
            ("abs", 1) => {
                let number = numbers.remove(0);
                Some(Any::Number(Number::Absolute(Box::new(number))))
            }
            ("min", 1..) => Some(Any::Number(Number::Least(numbers))),
            ("max", 1..) => Some(Any::Number(Number::Greatest(numbers))),
            (_, count) => {
                let asked = if name == "abs" { "one number" } else { "at least one number" };
                let title = format!("`{name}` takes {asked}, not {count}");
                let fault = self.text.fault(span, title);
                self.refuse(fault)
            }
        }
    }

    /// The bytes of an expression with all that belongs to it.
    fn span(&self, expression: &Expression) -> Range<usize> {
        let text = self.text.text();
        let own = self.info.offset_for(expression.id);
        let own = own.map_or(0..text.len(), |(start, end)| start as usize..end as usize + 1);
        let all = match &expression.expr {
            Expr::Select(select) => {
                let start = self.span(&select.operand).start;
                let after = text.get(own.end..).unwrap_or_default();
                let space = after.len() - after.trim_start().len();
                start.min(own.start)..own.end + space + select.field.len()
            }
            Expr::Call(call) => {
                let inner = call.args.iter().map(|argument| self.span(argument));
                let name = if FUNCTIONS.contains(&call.func_name.as_str())
                    || !call.func_name.starts_with(['_', '@', '!', '-'])
                {
                    call.func_name.len()
                } else {
                    0
                };
                let own = own.start.saturating_sub(name)..own.end;
                let whole =
                    inner.fold(own, |all, part| all.start.min(part.start)..all.end.max(part.end));
                let rest = text.get(whole.end..).unwrap_or_default();
                let closed = usize::from(name > 0 && rest.starts_with(')'))
                    + usize::from(call.func_name == op::INDEX && rest.starts_with(']'));
                whole.start..whole.end + closed
            }
            _ => own,
        };
        all.start.min(text.len())..all.end.min(text.len()).max(all.start.min(text.len()))
    }
}

/// The label in `LABEL` or `tool["LABEL"]`.
fn label(expression: &Expression) -> Option<String> {
    match (&expression.expr, indexed(expression)) {
        (Expr::Ident(label), _) => Some(label.clone()),
        (_, Some((Expr::Ident(tool), LiteralValue::String(label)))) if tool == "tool" => {
            Some(label.inner().to_owned())
        }
        _ => None,
    }
}

/// The label and the entry in `TOOL.entry["NAME"]` or `TOOL.entry[NUMBER]`.
fn of_entry(expression: &Expression) -> Option<(String, Which)> {
    let (Expr::Select(select), entry) = indexed(expression)? else { return None };
    let which = match entry {
        LiteralValue::String(name) => Which::Named(name.inner().to_owned()),
        LiteralValue::Int(number) => Which::Numbered(usize::try_from(*number.inner()).ok()?),
        _ => return None,
    };
    let is_entry = select.field == "entry" && !select.test;
    Some((label(&select.operand)?, which)).filter(|_| is_entry)
}

/// What is indexed, and the literal that it is indexed with.
fn indexed(expression: &Expression) -> Option<(&Expr, &LiteralValue)> {
    let Expr::Call(call) = &expression.expr else { return None };
    match call.args.as_slice() {
        [Expression { expr, .. }, Expression { expr: Expr::Literal(index), .. }]
            if call.func_name == op::INDEX =>
        {
            Some((expr, index))
        }
        _ => None,
    }
}

/// One of the values, which all have its type.
fn first_value(values: &Values) -> Constant {
    match values {
        Values::Whole(..) | Values::Durations(..) => Constant::Number(0.0),
        Values::Choice(choices) => choices[0].value.clone(),
    }
}

/// The first error of the parser in the words of this program.
fn syntax(text: &Located, errors: &ParseErrors) -> Fault {
    // A quote that is never closed spoils all that stands around it.
    let is_quote = |error: &&ParseError| {
        ["\"", "'"]
            .iter()
            .any(|quote| error.msg.contains(&format!("recognition error at: '{quote}")))
    };
    let unclosed = errors.errors.iter().find(is_quote);
    let Some(error) = unclosed.or(errors.errors.first()) else {
        return text.fault(0..text.text().len(), "this is no expression");
    };
    let of_node = error.source_info.as_ref().and_then(|info| info.offset_for(error.expr_id));
    let start = match of_node.filter(|_| error.expr_id != 0) {
        Some((start, _)) => start as usize,
        None => byte_at(text.text(), error.pos),
    };
    let rest = text.text().get(start..).unwrap_or_default();
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let span = start..start + word.max(first);
    let found = shortened(&rest[..word.max(first)]);
    let message = error.msg.trim_start_matches("Syntax error: ");
    let (title, label) = if message.starts_with("OtherError") {
        ("the expression is nested too deeply".to_owned(), "")
    } else if message.contains("double literal") || message.contains("int literal") {
        ("the number is too large".to_owned(), "")
    } else if message.starts_with("reserved identifier") {
        (format!("`{found}` is a reserved word of CEL"), "")
    } else if rest.trim().is_empty() {
        let missing = message.strip_prefix("missing ").and_then(|rest| rest.split(' ').next());
        let label = missing.map_or("expected a number, a name or `(`", |missing| match missing {
            "']'" => "expected `]`",
            "')'" => "expected `)`",
            _ => "something is missing here",
        });
        ("the expression ends too soon".to_owned(), label)
    } else {
        (format!("`{found}` cannot stand here"), meant(rest))
    };
    text.fault(span, title).label(label)
}

/// What may have been meant by what cannot stand there.
fn meant(rest: &str) -> &'static str {
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    match (word, rest.chars().next()) {
        ("and", _) | (_, Some('&')) => "write `&&`",
        ("or", _) | (_, Some('|')) => "write `||`",
        ("not", _) => "write `!`",
        (_, Some('=')) => "write `==`",
        (_, Some('"' | '\'')) => "this text is never closed",
        (_, Some(other)) if !other.is_ascii() => {
            "write `tool[\"LABEL\"]` where a label is no plain word"
        }
        _ => "expected an operator or the end",
    }
}

/// The byte at a line and column, both counted from 1 and in characters.
fn byte_at(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    rest.char_indices().nth(column).map_or(text.len(), |(byte, _)| start + byte)
}
