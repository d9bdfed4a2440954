// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Erc20Base} from "./Erc20Base.sol";

/// A well-behaved token whose decimals are chosen: fees are paid in tokens with 6 as often as with 18.
contract PlainToken is Erc20Base {
    constructor(string memory name_, string memory symbol_, uint8 decimals_) Erc20Base(name_, symbol_, decimals_) {}
}
