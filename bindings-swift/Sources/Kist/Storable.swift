#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A Swift type whose values a store can keep.
///
/// `Bool`, `UInt64`, `Int64`, `Int`, `Double`, `Instant`, `UUID`, `String`, `JSON` and `[UInt8]` are, and `Value` for
/// values of any type. Own types become so by saying which stored value stands for them:
///
///     enum Theme: String, Storable {
///         case light, dark
///         static var storedTag: ValueTag? { .string }
///         var storedValue: Value { .string(rawValue) }
///         init?(storedValue: Value) {
///             guard case .string(let name) = storedValue else { return nil }
///             self.init(rawValue: name)
///         }
///     }
public protocol Storable: Sendable {
    /// The type under which values are stored; nil when it differs from value to value.
    static var storedTag: ValueTag? { get }
    /// What is stored.
    var storedValue: Value { get }
    /// The value that was stored. It has the type `storedTag`; nil when it stands for no value of this Swift type.
    init?(storedValue: Value)
}

extension Value: Storable {
    public static var storedTag: ValueTag? { nil }
    public var storedValue: Value { self }
    public init?(storedValue: Value) { self = storedValue }
}

extension Bool: Storable {
    public static var storedTag: ValueTag? { .bool }
    public var storedValue: Value { .bool(self) }
    public init?(storedValue: Value) {
        guard case .bool(let value) = storedValue else { return nil }
        self = value
    }
}

extension UInt64: Storable {
    public static var storedTag: ValueTag? { .u64 }
    public var storedValue: Value { .u64(self) }
    public init?(storedValue: Value) {
        guard case .u64(let value) = storedValue else { return nil }
        self = value
    }
}

extension Int64: Storable {
    public static var storedTag: ValueTag? { .i64 }
    public var storedValue: Value { .i64(self) }
    public init?(storedValue: Value) {
        guard case .i64(let value) = storedValue else { return nil }
        self = value
    }
}

/// Stored as a signed integer of 64 bits.
extension Int: Storable {
    public static var storedTag: ValueTag? { .i64 }
    public var storedValue: Value { .i64(Int64(self)) }
    public init?(storedValue: Value) {
        guard case .i64(let value) = storedValue else { return nil }
        self.init(exactly: value)
    }
}

extension Double: Storable {
    public static var storedTag: ValueTag? { .f64 }
    public var storedValue: Value { .f64(self) }
    public init?(storedValue: Value) {
        guard case .f64(let value) = storedValue else { return nil }
        self = value
    }
}

extension Instant: Storable {
    public static var storedTag: ValueTag? { .instant }
    public var storedValue: Value { .instant(self) }
    public init?(storedValue: Value) {
        guard case .instant(let value) = storedValue else { return nil }
        self = value
    }
}

extension UUID: Storable {
    public static var storedTag: ValueTag? { .uuid }
    public var storedValue: Value { .uuid(self) }
    public init?(storedValue: Value) {
        guard case .uuid(let value) = storedValue else { return nil }
        self = value
    }
}

extension String: Storable {
    public static var storedTag: ValueTag? { .string }
    public var storedValue: Value { .string(self) }
    public init?(storedValue: Value) {
        guard case .string(let value) = storedValue else { return nil }
        self = value
    }
}

extension JSON: Storable {
    public static var storedTag: ValueTag? { .json }
    public var storedValue: Value { .json(self) }
    public init?(storedValue: Value) {
        guard case .json(let value) = storedValue else { return nil }
        self = value
    }
}

/// Stored as a blob.
extension Array: Storable where Element == UInt8 {
    public static var storedTag: ValueTag? { .blob }
    public var storedValue: Value { .blob(self) }
    public init?(storedValue: Value) {
        guard case .blob(let value) = storedValue else { return nil }
        self = value
    }
}
