require("@nomicfoundation/hardhat-ethers");
require("@nomicfoundation/hardhat-chai-matchers");

module.exports = { defaultNetwork: "ours", networks: { ours: { url: process.env.NODE_URL } } };
