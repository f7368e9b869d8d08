#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A typed value, as a store keeps it.
///
/// Two values are equal when they are stored alike. So strings are compared byte by byte, where Swift's own `==`
/// takes "é" and "e\u{301}" for the same; and a floating-point number equals itself even when it is NaN, while
/// 0.0 and -0.0 differ.
public enum Value: Sendable {
    /// True or false.
    case bool(Bool)
    /// An unsigned integer of 64 bits.
    case u64(UInt64)
    /// A signed integer of 64 bits.
    case i64(Int64)
    /// A floating-point number; every bit pattern is kept, NaNs included.
    case f64(Double)
    /// A point in time.
    case instant(Instant)
    /// 16 bytes in the order they are printed.
    case uuid(UUID)
    /// Text, stored as its UTF-8 bytes without any normalisation.
    case string(String)
    /// A JSON document.
    case json(JSON)
    /// Any bytes.
    case blob([UInt8])

    /// The type of the value.
    public var tag: ValueTag {
        switch self {
        case .bool: .bool
        case .u64: .u64
        case .i64: .i64
        case .f64: .f64
        case .instant: .instant
        case .uuid: .uuid
        case .string: .string
        case .json: .json
        case .blob: .blob
        }
    }
}

extension Value: Hashable {
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): a == b
        case (.u64(let a), .u64(let b)): a == b
        case (.i64(let a), .i64(let b)): a == b
        case (.f64(let a), .f64(let b)): a.bitPattern == b.bitPattern
        case (.instant(let a), .instant(let b)): a == b
        case (.uuid(let a), .uuid(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.json(let a), .json(let b)): a == b
        case (.blob(let a), .blob(let b)): a == b
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(tag)
        switch self {
        case .bool(let value): hasher.combine(value)
        case .u64(let value): hasher.combine(value)
        case .i64(let value): hasher.combine(value)
        case .f64(let value): hasher.combine(value.bitPattern)
        case .instant(let value): hasher.combine(value)
        case .uuid(let value): hasher.combine(value)
        case .string(let value): value.utf8.forEach { hasher.combine($0) }
        case .json(let value): hasher.combine(value)
        case .blob(let value): hasher.combine(value)
        }
    }
}

/// A point in time as Kist keeps it: whole milliseconds since 1970-01-01 UTC, also before it.
///
/// `Date` counts seconds in floating point and cannot hold every such number, so it is made from an instant only
/// where it is asked for.
public struct Instant: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01 UTC; negative before.
    public let milliseconds: Int64

    /// The instant so many milliseconds after 1970-01-01 UTC.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The millisecond nearest to a date; nil when the date is not finite or outside of 64 bits.
    public init?(_ date: Date) {
        guard let milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) else { return nil }
        self.milliseconds = milliseconds
    }

    /// The present time.
    public static var now: Instant { Instant(Date.now) ?? Instant(milliseconds: 0) }

    /// The date nearest to the instant.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }
}

/// A JSON document as the text that it was written as. It is checked when it is stored.
///
/// Two documents are equal when their texts are the same bytes.
public struct JSON: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The document, byte for byte as it was written.
    public let text: String

    /// A document of that text.
    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral: String) {
        text = stringLiteral
    }

    public var description: String { text }

    public static func == (left: JSON, right: JSON) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    public func hash(into hasher: inout Hasher) {
        text.utf8.forEach { hasher.combine($0) }
    }
}
